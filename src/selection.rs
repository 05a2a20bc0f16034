//! The selection: which cases a user asked for.

use globset::{Glob, GlobMatcher};

/// Selectors as typed; none selects everything.
#[derive(Debug, Default)]
pub struct Selection {
    /// The selectors, as the user typed them.
    pub typed: Vec<String>,
    globs: Vec<GlobMatcher>,
}

impl Selection {
    /// Reads selectors: an id, the beginning of one, or a glob in which `*` and `?` stand for
    /// anything.
    ///
    /// # Errors
    /// Says which glob is malformed.
    pub fn parse(typed: &[String]) -> Result<Self, String> {
        let glob = |selector: &String| {
            let glob =
                Glob::new(selector).map_err(|e| format!("selector `{selector}`: {}", e.kind()))?;
            Ok(glob.compile_matcher())
        };
        let globs = typed.iter().map(glob).collect::<Result<_, String>>()?;
        Ok(Self { typed: typed.to_vec(), globs })
    }

    /// Whether one of these ids is selected. `whole` tells whether any id anywhere equals a
    /// selector: then `PKCE-1` would not also mean `PKCE-10`.
    pub fn selects<'a>(&self, ids: impl IntoIterator<Item = &'a str>, exact: &[bool]) -> bool {
        if self.typed.is_empty() {
            return true;
        }
        ids.into_iter().any(|id| {
            let selectors = self.typed.iter().zip(&self.globs).zip(exact);
            let mut selectors = selectors;
            selectors.any(|((typed, glob), exact)| matches(typed, glob, *exact, id))
        })
    }

    /// The selectors that select none of these ids.
    pub fn idle(&self, ids: &[&str]) -> Vec<&str> {
        let exact = self.exact(ids);
        let selectors = self.typed.iter().zip(&self.globs).zip(&exact);
        let idle = selectors.filter(|((typed, glob), exact)| {
            !ids.iter().any(|id| matches(typed, glob, **exact, id))
        });
        idle.map(|((typed, _), _)| typed.as_str()).collect()
    }

    /// For each selector, whether it is the whole of one of these ids.
    pub fn exact(&self, ids: &[&str]) -> Vec<bool> {
        self.typed.iter().map(|typed| ids.contains(&typed.as_str())).collect()
    }
}

fn matches(typed: &str, glob: &GlobMatcher, exact: bool, id: &str) -> bool {
    if exact {
        return id == typed || id.strip_prefix(typed).is_some_and(|rest| rest.starts_with('/'));
    }
    id.starts_with(typed) || glob.is_match(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_ids_beginnings_or_globs() {
        let ids = ["rfc7636/4.6/wrong-verifier", "PKCE-02", "PKCE-1", "PKCE-10"];
        let rows: [(&str, &[usize]); 7] = [
            ("rfc7636", &[0]),
            ("rfc7636/4.6/*", &[0]),
            ("*verifier", &[0]),
            ("PKCE-1", &[2]),
            ("PKCE", &[1, 2, 3]),
            ("PKCE-?", &[2]),
            ("rfc9999", &[]),
        ];
        for (typed, expected) in rows {
            let selection = Selection::parse(&[typed.to_owned()]).expect(typed);
            let exact = selection.exact(&ids);
            let found: Vec<usize> =
                (0..ids.len()).filter(|&i| selection.selects([ids[i]], &exact)).collect();
            assert_eq!(found, expected, "{typed}");
        }
    }

    #[test]
    fn a_malformed_glob_is_an_error() {
        assert!(Selection::parse(&["[".to_owned()]).is_err());
    }
}
