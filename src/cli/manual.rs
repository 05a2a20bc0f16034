//! `authgauge completions` and `authgauge man`: what package managers install beside the program.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Command, Failure, print};

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Writes the completions of a shell.
pub fn completions(args: &CompletionsArgs) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Command::command(), "authgauge", &mut script);
    print(&String::from_utf8_lossy(&script));
    0
}

/// Writes the manual page: the program's own, then one section for each command.
pub fn manual() -> Result<u8, Failure> {
    let mut page = Vec::new();
    let mut command = Command::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(Failure::environment)?;
    for own in command.get_subcommands().filter(|own| own.get_name() != "help") {
        let man = clap_mangen::Man::new(own.clone());
        page.extend(format!(".SH {}\n", own.get_name().to_uppercase()).bytes());
        man.render_description_section(&mut page).map_err(Failure::environment)?;
        man.render_options_section(&mut page).map_err(Failure::environment)?;
    }
    print(&String::from_utf8_lossy(&page));
    Ok(0)
}
