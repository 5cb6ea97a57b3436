//! The command line: one file a verb. Here the tree of commands is put together and dispatched.

mod abort;
mod actions;
mod answer;
mod calls;
mod changes;
mod check;
mod cloud;
mod completions;
mod console;
mod diagnostics;
mod docs;
mod drill;
mod drive;
mod error;
mod evidence;
mod exit;
mod explain;
mod freeze;
mod handoff;
mod history;
mod iam;
mod list;
mod log;
mod logging;
mod lsp;
pub mod manual;
mod new;
mod obligations;
mod params;
mod plan;
mod project;
mod prompt;
mod rehearse;
mod resume;
mod run;
mod runs;
mod sandbox;
mod schema;
mod signals;
mod status;
mod terminal;
mod thaw;
mod undo;
mod unlock;
mod world;

pub use error::CliError;
pub use exit::Exit;

use crate::run::report::text::{harmless_lines, steers_unseen};
use clap::{Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Executable disaster-recovery runbooks
#[derive(Parser, Clone, Debug)]
#[command(
    name = "runbook",
    version,
    long_about = "Runs disaster-recovery procedures that are written as Markdown.\n\n\
        A runbook is a file under runbooks/. People read it, and `runbook run` executes it: step by step, \
        with a journal that survives a crash at any byte, so that the next person knows what is done, \
        what is unknown and what is owed, and can go on.",
    after_help = "Begin with:\n  \
        runbook list                          what there is\n  \
        runbook plan NAME --env sandbox       what a run would do\n  \
        runbook run NAME --env sandbox        try it on an emulated AWS, without an account\n\n\
        Exit codes are listed in docs/exit-codes.md.",
    disable_help_subcommand = false,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Cli {
    /// What concerns every command.
    #[command(flatten)]
    global: Global,
    /// The verb.
    #[command(subcommand)]
    command: Command,
}

/// What concerns every command.
#[derive(clap::Args, Clone, Debug, Default)]
struct Global {
    /// The project's folder. Default: the nearest folder upward that holds runbook.yaml
    #[arg(long, global = true, value_name = "DIR")]
    project: Option<PathBuf>,
    /// Where runs are kept. Default: .runbook/ beside runbook.yaml
    #[arg(long, global = true, value_name = "DIR", env = "RUNBOOK_STATE", hide_env_values = true)]
    state: Option<PathBuf>,
    /// Tell more on standard error (-vv: still more). RUNBOOK_LOG takes a filter such as `debug`
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// No colours. NO_COLOR=1 does the same
    #[arg(long, global = true)]
    no_color: bool,
}

/// How results are shown.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
}

/// The verbs.
#[derive(Subcommand, Clone, Debug)]
enum Command {
    /// The runbooks: title, owner, objective, last run
    #[command(after_help = list::AFTER)]
    List(list::Args),
    /// Find every mistake in the runbooks, with its place and what to do about it
    #[command(after_help = check::AFTER)]
    Check(check::Args),
    /// Tell what a run would do. Reads only
    #[command(after_help = plan::AFTER)]
    Plan(plan::Args),
    /// The least-privilege policy of a runbook for each account it acts in
    #[command(after_help = iam::AFTER)]
    Iam(iam::Args),
    /// Run a runbook
    #[command(after_help = run::AFTER)]
    Run(run::Args),
    /// Go on with a run, anywhere it stopped
    #[command(after_help = resume::AFTER)]
    Resume(resume::Args),
    /// Answer the question of a waiting step
    #[command(after_help = answer::AFTER)]
    Answer(answer::Args),
    /// Take back everything that a run started, the last start first
    #[command(after_help = undo::AFTER)]
    Undo(undo::Args),
    /// Give a run up as it stands
    #[command(after_help = abort::AFTER)]
    Abort(abort::Args),
    /// Where a run stands: what is done, unknown and owed, and what to type next
    #[command(after_help = status::AFTER)]
    Status(status::Args),
    /// All runs, the newest first
    Runs(runs::Args),
    /// What happened in a run, event by event
    #[command(after_help = log::AFTER)]
    Log(log::Args),
    /// What is still owed after runs, by due date
    #[command(after_help = obligations::AFTER)]
    Obligations(obligations::Args),
    /// Break something on purpose, recover, measure, and prove it
    #[command(after_help = drill::AFTER)]
    Drill(drill::Args),
    /// Prove a procedure in the sandbox: fail, kill, undo and lose an answer at every point
    #[command(after_help = rehearse::AFTER)]
    Rehearse(rehearse::Args),
    /// One archive for an auditor, and its proof
    #[command(after_help = evidence::AFTER)]
    Evidence(evidence::Args),
    /// Stop every run of an environment before its next change
    #[command(after_help = freeze::AFTER)]
    Freeze(freeze::Args),
    /// Let the runs of a frozen environment go on
    Thaw(thaw::Args),
    /// Take a run away from a process that is gone or must stop
    #[command(after_help = unlock::AFTER)]
    Unlock(unlock::Args),
    /// The emulated AWS on this machine
    #[command(after_help = sandbox::AFTER)]
    Sandbox(sandbox::Args),
    /// The handoff site: runbooks, runs and what they prove, as files that open anywhere
    #[command(after_help = docs::AFTER)]
    Docs(docs::Args),
    /// The readiness board: can the owners of this platform run it without those who built it?
    #[command(after_help = handoff::AFTER)]
    Handoff(handoff::Args),
    /// What steps can do: the manual of the actions
    #[command(after_help = actions::AFTER)]
    Actions(actions::Args),
    /// Write a first runbook to change
    #[command(after_help = new::AFTER)]
    New(new::Args),
    /// The language server: an editor shows mistakes, completes and explains while a runbook is written
    #[command(after_help = lsp::AFTER)]
    Lsp(lsp::Args),
    /// JSON Schemas of front matter, blocks, runbook.yaml and drills, for editors
    #[command(after_help = schema::AFTER)]
    Schema(schema::Args),
    /// Print what a shell needs to complete commands
    #[command(after_help = completions::AFTER)]
    Completions(completions::Args),
}

/// Shows what was wrong with the arguments, or the help that they ask for.
fn usage(error: &clap::Error) {
    let text = error.render().to_string();
    if error.use_stderr() && text.chars().any(|c| c != '\n' && (c.is_control() || steers_unseen(c)))
    {
        // An argument that could steer the terminal is repeated without that, and without colours.
        harmless_lines(&text).iter().for_each(console::tell);
    } else {
        // Help and version are results; a reader that has gone does not matter.
        drop(error.print());
    }
}

/// Does what the arguments say, and says how the program ends.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            usage(&error);
            return u8::try_from(error.exit_code()).unwrap_or(Exit::Usage.code());
        }
    };
    if cli.global.no_color {
        anstream::ColorChoice::Never.write_global();
    }
    logging::begin(cli.global.verbose);
    match dispatch(&cli) {
        Ok(exit) => exit.code(),
        Err(error) => {
            console::show(&error);
            error.exit.code()
        }
    }
}

fn dispatch(cli: &Cli) -> Result<Exit, CliError> {
    let global = &cli.global;
    match &cli.command {
        Command::List(args) => list::run(global, args),
        Command::Check(args) => check::run(global, args),
        Command::Plan(args) => plan::run(global, args),
        Command::Iam(args) => iam::run(global, args),
        Command::Run(args) => run::run(global, args),
        Command::Resume(args) => resume::run(global, args),
        Command::Answer(args) => answer::run(global, args),
        Command::Undo(args) => undo::run(global, args),
        Command::Abort(args) => abort::run(global, args),
        Command::Status(args) => status::run(global, args),
        Command::Runs(args) => runs::run(global, args),
        Command::Log(args) => log::run(global, args),
        Command::Obligations(args) => obligations::run(global, args),
        Command::Drill(args) => drill::run(global, args),
        Command::Rehearse(args) => rehearse::run(global, args),
        Command::Evidence(args) => evidence::run(global, args),
        Command::Freeze(args) => freeze::run(global, args),
        Command::Thaw(args) => thaw::run(global, args),
        Command::Unlock(args) => unlock::run(global, args),
        Command::Sandbox(args) => sandbox::run(global, args),
        Command::Docs(args) => docs::run(global, args),
        Command::Handoff(args) => handoff::run(global, args),
        Command::Actions(args) => actions::run(global, args),
        Command::New(args) => new::run(global, args),
        Command::Lsp(args) => lsp::run(global, args),
        Command::Schema(args) => schema::run(global, args),
        Command::Completions(args) => completions::run(global, args),
    }
}
