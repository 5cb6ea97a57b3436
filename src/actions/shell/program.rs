//! Runs one program to its end and keeps what it printed: for actions that are a call of a program.

use super::processes::{Family, TAG};
use super::setting::{find, search_path};
use super::spawn::Start;
use crate::actions::Trouble;
use crate::actions::context::PATH_PREPEND;
use crate::model::id::RunId;
use crate::model::secret::Secret;
use std::path::PathBuf;
use tokio::io::{AsyncRead, AsyncReadExt};

/// More than this of a program's output is cut off. No answer of an API is near it.
const LARGEST: u64 = 16 * 1024 * 1024;

/// One program to run.
#[derive(Clone, Debug)]
pub struct Program {
    /// The file, or a name that is looked for in `PATH`.
    pub program: PathBuf,
    /// Its arguments. Everybody on this machine can see them, so none may be secret.
    pub args: Vec<String>,
    /// Its whole environment but for `PATH` and `HOME`. An entry [`PATH_PREPEND`] names a folder that
    /// comes first in `PATH`.
    pub env: Vec<(String, Secret)>,
    /// The folder it runs in, which is also its `HOME`: it must not find the user's own settings.
    pub work: PathBuf,
    /// The run that it is a part of: when the run is taken up again, what is left of it is ended first.
    pub run: RunId,
}

/// What a program left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// Its exit code. Nothing when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: String,
}

impl Program {
    /// Runs it to its end, away from the terminal: Ctrl-C there is a wish of the operator to us, and must
    /// not break off a change that is under way. When the future is dropped, the program is killed.
    ///
    /// # Errors
    /// When it could not be started, or how it ended cannot be told.
    pub async fn run(self) -> Result<Printed, Trouble> {
        let first = self.env.iter().find(|(name, _)| name == PATH_PREPEND);
        let path = search_path(first.map(|(_, value)| value.expose().into()));
        let tag = format!("{}/program/{:016x}", self.run, rand::random::<u64>());
        let program = self.program.display().to_string();
        let not_started = |error: &dyn std::fmt::Display| {
            Trouble::nothing_happened(format!("`{program}` cannot be started: {error}"))
                .hint("Install the AWS CLI, or put it in PATH.")
        };
        let found = find(&program, &path, &self.work)?;
        let given = self.env.iter().filter(|(name, _)| name != PATH_PREPEND);
        let given = given.map(|(name, value)| (name.into(), value.expose().into()));
        let own = [
            (TAG.into(), tag.clone().into()),
            ("PATH".into(), path),
            ("HOME".into(), self.work.clone().into()),
        ];
        let start = Start {
            program: found,
            args: self.args.iter().map(Into::into).collect(),
            env: given.chain(own).collect(),
            folder: self.work,
        };
        // Dropped, at the end and before it, the family ends whatever is left of the program.
        let (mut child, _family) =
            Family::start(start, &tag).map_err(|error| not_started(&error))?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(Trouble::unknown(format!("`{program}` has no output to read")));
        };
        let (stdout, stderr, status) = tokio::join!(whole(stdout), whole(stderr), child.wait());
        let lost = |error: std::io::Error| {
            Trouble::unknown(format!("how `{program}` ended cannot be told: {error}"))
        };
        Ok(Printed {
            code: status.map_err(lost)?.code(),
            stdout: stdout.map_err(lost)?,
            stderr: String::from_utf8_lossy(&stderr.map_err(lost)?).into_owned(),
        })
    }
}

/// Everything up to the limit. The rest is read and dropped, so that the program does not block.
async fn whole(mut from: impl AsyncRead + Unpin) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    (&mut from).take(LARGEST).read_to_end(&mut bytes).await?;
    tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, env: Vec<(String, Secret)>) -> Program {
        let args = vec!["-c".to_owned(), script.to_owned()];
        let run = RunId::from_text("run");
        Program { program: "sh".into(), args, env, work: std::env::temp_dir(), run }
    }

    #[tokio::test]
    async fn a_program_gets_its_environment_and_nothing_else() {
        let env = vec![
            ("GIVEN".to_owned(), Secret::new("yes")),
            (PATH_PREPEND.to_owned(), Secret::new("/first")),
        ];
        let printed =
            sh("echo $GIVEN $CARGO_MANIFEST_DIR; echo ${PATH%%:*} >&2; exit 3", env).run().await;
        let printed = printed.expect("it runs");
        assert_eq!(printed.code, Some(3));
        assert_eq!(printed.stdout, b"yes\n");
        assert_eq!(printed.stderr, "/first\n");
    }

    #[tokio::test]
    async fn a_program_leads_a_session_of_its_own_away_from_the_terminal() {
        let script = "set -- $(cat /proc/$$/stat); test \"$6\" = $$ && ! (exec < /dev/tty) 2>&1";
        let printed = sh(script, Vec::new()).run().await.expect("it runs");
        assert_eq!(printed.code, Some(0), "{printed:?}");
    }

    #[tokio::test]
    async fn a_program_that_cannot_be_executed_did_nothing() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let broken = folder.path().join("aws");
        std::fs::write(&broken, "#!/nowhere/python3\n").expect("a file");
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&broken, executable).expect("executable");
        let program = Program { program: broken, ..sh("", Vec::new()) };
        let trouble = program.run().await.expect_err("it cannot be executed");
        assert_eq!(trouble.certainty, crate::actions::Certainty::NothingHappened);
    }

    #[tokio::test]
    async fn a_program_that_is_missing_did_nothing() {
        let program = Program { program: "/nowhere/aws".into(), ..sh("", Vec::new()) };
        let trouble = program.run().await.expect_err("it is missing");
        assert_eq!(trouble.certainty, crate::actions::Certainty::NothingHappened);
    }
}
