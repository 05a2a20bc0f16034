//! Charts: from numbers to the lines of a drawing, which a template makes SVG of.
//!
//! Every line has a dash pattern and a marker of its own and its name at its end, so that a chart
//! can be read without colour.

use serde::Serialize;

mod scale;

pub use scale::Scale;

/// The size of a drawing, in the units of its view box, and the room around the plot.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 46.0;
/// The least distance between the names of two lines.
const NAME_HEIGHT: f64 = 15.0;
/// How many dash patterns and markers the style knows; more lines than these begin again.
const STYLES: usize = 6;
/// The most markers on a line.
const MARKERS: usize = 12;

/// What a chart is to show.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The lines.
    pub lines: Vec<Line>,
    /// Levels across the plot, such as an objective.
    pub levels: Vec<Level>,
}

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What it counts, and in which unit.
    pub label: String,
    /// How it counts.
    pub scale: Scale,
}

/// A line, or points without one.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What stands at its end.
    pub name: String,
    /// Its points.
    pub points: Vec<(f64, f64)>,
    /// Whether its points are joined.
    pub joined: bool,
}

/// A level across the plot, upright or lying.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// What it is.
    pub name: String,
    /// Where it is.
    pub at: f64,
    /// Whether it stands on the horizontal axis.
    pub upright: bool,
}

/// A chart with all its places, as the template takes it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drawing {
    title: String,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x_label: String,
    y_label: String,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    lines: Vec<Drawn>,
    levels: Vec<DrawnLevel>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Tick {
    at: f64,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Drawn {
    style: usize,
    name: String,
    name_y: f64,
    path: String,
    markers: Vec<(f64, f64)>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct DrawnLevel {
    name: String,
    at: f64,
    upright: bool,
}

/// Draws a chart; nothing when there is no point to draw.
pub fn draw(chart: &Chart) -> Option<Drawing> {
    let points = || chart.lines.iter().flat_map(|line| &line.points);
    let levels = |upright| chart.levels.iter().filter(move |l| l.upright == upright).map(|l| l.at);
    let x = scale::span(chart.x.scale, points().map(|point| point.0).chain(levels(true)))?;
    let y = scale::span(chart.y.scale, points().map(|point| point.1).chain(levels(false)))?;
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    let across = |value: f64| rounded(LEFT + x.place(value) * (right - LEFT));
    let up = |value: f64| rounded(bottom - y.place(value) * (bottom - TOP));
    let ticks = |span: &scale::Span, place: &dyn Fn(f64) -> f64| {
        let ticks = span.ticks().into_iter();
        ticks.map(|(value, text)| Tick { at: place(value), text }).collect()
    };
    let lines = chart.lines.iter().filter(|line| !line.points.is_empty()).enumerate();
    let mut lines: Vec<Drawn> = lines
        .map(|(index, line)| {
            let places: Vec<(f64, f64)> =
                line.points.iter().map(|(x, y)| (across(*x), up(*y))).collect();
            drawn(index, line, &places)
        })
        .collect();
    spread(&mut lines, TOP, bottom);
    let level = |level: &Level| DrawnLevel {
        name: level.name.clone(),
        at: if level.upright { across(level.at) } else { up(level.at) },
        upright: level.upright,
    };
    Some(Drawing {
        title: chart.title.clone(),
        width: WIDTH,
        height: HEIGHT,
        left: LEFT,
        right,
        top: TOP,
        bottom,
        x_label: chart.x.label.clone(),
        y_label: chart.y.label.clone(),
        x_ticks: ticks(&x, &across),
        y_ticks: ticks(&y, &up),
        levels: chart.levels.iter().map(level).collect(),
        lines,
    })
}

fn drawn(index: usize, line: &Line, places: &[(f64, f64)]) -> Drawn {
    let steps = places.iter().enumerate().map(|(at, (x, y))| {
        let command = if at == 0 { 'M' } else { 'L' };
        format!("{command}{x} {y}")
    });
    let every = if line.joined { places.len().div_ceil(MARKERS).max(1) } else { 1 };
    Drawn {
        style: index % STYLES,
        name: line.name.clone(),
        name_y: places.last().map_or(0.0, |(_, y)| *y),
        path: if line.joined { steps.collect() } else { String::new() },
        markers: places.iter().copied().step_by(every).collect(),
    }
}

/// Moves names apart that would lie on each other, from the top down and then back up.
fn spread(lines: &mut [Drawn], top: f64, bottom: f64) {
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by(|a, b| lines[*a].name_y.total_cmp(&lines[*b].name_y));
    let mut least = top;
    for at in &order {
        lines[*at].name_y = lines[*at].name_y.max(least);
        least = lines[*at].name_y + NAME_HEIGHT;
    }
    let mut most = bottom;
    for at in order.iter().rev() {
        lines[*at].name_y = rounded(lines[*at].name_y.min(most));
        most = lines[*at].name_y - NAME_HEIGHT;
    }
}

fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(lines: Vec<Line>) -> Chart {
        let axis = |scale| Axis { label: "milliseconds".into(), scale };
        let (x, y) = (axis(Scale::Linear), axis(Scale::Log));
        Chart { title: "t".into(), x, y, lines, levels: Vec::new() }
    }

    fn line(name: &str, points: &[(f64, f64)]) -> Line {
        Line { name: name.into(), points: points.to_vec(), joined: true }
    }

    #[test]
    fn higher_values_are_higher_up_and_inside() {
        let drawing = draw(&chart(vec![line("a", &[(0.0, 1.0), (5.0, 10.0), (10.0, 100.0)])]));
        let drawing = drawing.expect("there are points");
        let places = &drawing.lines[0].markers;
        assert!(places[0].1 > places[1].1 && places[1].1 > places[2].1, "{places:?}");
        let (first, last) = (places[1].1 - places[0].1, places[2].1 - places[1].1);
        assert!((first - last).abs() < 0.2, "a decade is as long as the next: {first} {last}");
        for (x, y) in places {
            assert!((LEFT..=WIDTH - RIGHT).contains(x) && (TOP..=HEIGHT - BOTTOM).contains(y));
        }
    }

    #[test]
    fn names_do_not_lie_on_each_other() {
        let same = [(0.0, 5.0), (1.0, 5.0)];
        let lines = ["a", "b", "c"].map(|name| line(name, &same)).to_vec();
        let drawing = draw(&chart(lines)).expect("there are points");
        let mut places: Vec<f64> = drawing.lines.iter().map(|line| line.name_y).collect();
        places.sort_by(f64::total_cmp);
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= NAME_HEIGHT - 0.2), "{places:?}");
    }

    #[test]
    fn nothing_is_drawn_of_nothing_and_one_point_is_enough() {
        assert_eq!(draw(&chart(Vec::new())), None);
        assert_eq!(draw(&chart(vec![line("a", &[(f64::NAN, 1.0)])])), None);
        let drawing = draw(&chart(vec![line("a", &[(3.0, 7.0)])])).expect("there is a point");
        assert!(!drawing.x_ticks.is_empty() && !drawing.y_ticks.is_empty());
    }
}
