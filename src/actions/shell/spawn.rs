//! Starts a program in a session of its own, away from our terminal, and waits for it.
//!
//! A program that only leads a group of its own still has the terminal, and stops for good when it reads from it.
//!
//! Between fork and exec a new process has a copy of the table of our memory. To make that copy and to take it down
//! again costs more than a small script does, so `posix_spawn` starts the program: it makes none. But it cannot say in
//! which folder. On Linux a thread can have a current folder that is no other thread's, and starts everything. Where
//! there is no such thread the program is forked: on other systems, and in containers that forbid it.

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use process_wrap::tokio::{CommandWrap, CommandWrapper as _, ProcessSession};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, PipeWriter};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use tokio::net::unix::pipe::Receiver;
use tokio::signal::unix::{SignalKind, signal};

/// A program to start. Its standard input is empty.
pub(super) struct Start {
    /// The file.
    pub(super) program: PathBuf,
    /// Its arguments.
    pub(super) args: Vec<OsString>,
    /// Its whole environment.
    pub(super) env: BTreeMap<OsString, OsString>,
    /// The folder it runs in.
    pub(super) folder: PathBuf,
}

impl Start {
    /// Starts it.
    ///
    /// # Errors
    /// When the system cannot start it.
    pub(super) fn start(self) -> io::Result<Child> {
        #[cfg(target_os = "linux")]
        if let Some(thread) = apart::thread() {
            return Child::of(|out, err| thread.start(self, out, err));
        }
        self.fork()
    }

    fn fork(self) -> io::Result<Child> {
        Child::of(|out, err| {
            let mut command = tokio::process::Command::new(&self.program);
            // Of what else the library offers nothing is wanted: who belongs to a script is known better here.
            let nothing_else = CommandWrap::with_new(&self.program, |_| ());
            ProcessSession.pre_spawn(&mut command, &nothing_else)?;
            command.args(self.args).env_clear().envs(self.env).current_dir(self.folder);
            command.stdin(Stdio::null()).stdout(out).stderr(err);
            let child = command.into_std().spawn()?;
            let number = i32::try_from(child.id()).map_err(io::Error::other)?;
            Ok(Pid::from_raw(number))
        })
    }
}

/// A program that was started. Dropped before it ended, it is killed.
pub(super) struct Child {
    pid: Pid,
    /// Its standard output, for whoever reads it.
    pub(super) stdout: Option<Receiver>,
    /// Its standard error, likewise.
    pub(super) stderr: Option<Receiver>,
    status: Option<ExitStatus>,
    /// Tells that some child of this process has ended.
    ends: tokio::signal::unix::Signal,
}

impl Child {
    fn of(start: impl FnOnce(PipeWriter, PipeWriter) -> io::Result<Pid>) -> io::Result<Self> {
        let (stdout, out) = io::pipe()?;
        let (stderr, err) = io::pipe()?;
        let stdout = Some(Receiver::from_owned_fd(OwnedFd::from(stdout))?);
        let stderr = Some(Receiver::from_owned_fd(OwnedFd::from(stderr))?);
        // Before the start, so that no end is missed.
        let ends = signal(SignalKind::child())?;
        Ok(Self { pid: start(out, err)?, stdout, stderr, status: None, ends })
    }

    pub(super) const fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits until it ends. To give up waiting loses nothing.
    ///
    /// # Errors
    /// When the system cannot tell how it ended.
    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.look()? {
                return Ok(status);
            }
            self.ends.recv().await;
        }
    }

    fn look(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = match waitpid(self.pid, Some(WaitPidFlag::WNOHANG))? {
                // As wait(2) gives it: the code in the second byte, or the signal in the first.
                WaitStatus::Exited(_, code) => Some(ExitStatus::from_raw(code << 8)),
                WaitStatus::Signaled(_, signal, _) => Some(ExitStatus::from_raw(signal as i32)),
                _ => None,
            };
        }
        Ok(self.status)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !matches!(self.look(), Ok(None)) {
            return;
        }
        // Nobody asks any more how it ends. Its entry goes when the table is next looked through, or with us.
        let _ = kill(self.pid, Signal::SIGKILL);
        let _ = self.look();
    }
}

#[cfg(target_os = "linux")]
mod apart {
    //! The thread that has a current folder of its own.

    use super::Start;
    use nix::fcntl::OFlag;
    use nix::libc::POSIX_SPAWN_SETSID;
    use nix::sched::{CloneFlags, unshare};
    use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
    use nix::sys::signal::{SigSet, Signal};
    use nix::sys::stat::Mode;
    use nix::unistd::{Pid, chdir};
    use std::ffi::{CString, OsString};
    use std::io::{self, PipeWriter};
    use std::os::fd::AsRawFd;
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    use std::sync::OnceLock;
    use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};

    /// One program to start, and where it is told how that went.
    struct Errand {
        start: Start,
        out: PipeWriter,
        err: PipeWriter,
        told: SyncSender<io::Result<Pid>>,
    }

    pub(super) struct Thread(Sender<Errand>);

    /// The thread. Nothing where the system does not let one have a folder of its own.
    pub(super) fn thread() -> Option<&'static Thread> {
        static THREAD: OnceLock<Option<Thread>> = OnceLock::new();
        THREAD.get_or_init(begin).as_ref()
    }

    fn begin() -> Option<Thread> {
        let (errands, all) = channel::<Errand>();
        let (may, allowed) = sync_channel(1);
        let work = move || {
            let is_apart = unshare(CloneFlags::CLONE_FS).is_ok();
            if may.send(is_apart).is_err() || !is_apart {
                return;
            }
            for errand in all {
                // Who asked may be gone, with everything of this process.
                let _ = errand.told.send(start(&errand));
            }
        };
        std::thread::Builder::new().name("starter".to_owned()).spawn(work).ok()?;
        allowed.recv().ok().filter(|allowed| *allowed).map(|_| Thread(errands))
    }

    impl Thread {
        pub(super) fn start(
            &self,
            start: Start,
            out: PipeWriter,
            err: PipeWriter,
        ) -> io::Result<Pid> {
            let (told, answer) = sync_channel(1);
            let gone = |_| io::Error::other("the thread that starts programs is gone");
            self.0.send(Errand { start, out, err, told }).map_err(|_| gone(()))?;
            answer.recv().map_err(|_| gone(()))?
        }
    }

    fn start(errand: &Errand) -> io::Result<Pid> {
        let Start { program, args, env, folder } = &errand.start;
        let first = program.clone().into_os_string();
        let args = std::iter::once(first).chain(args.iter().cloned());
        let args = args.map(text).collect::<io::Result<Vec<_>>>()?;
        let env = env.iter().map(|(name, value)| {
            let mut both = name.clone();
            both.push("=");
            both.push(value);
            text(both)
        });
        let env = env.collect::<io::Result<Vec<_>>>()?;
        let mut files = PosixSpawnFileActions::init()?;
        files.add_open(0, c"/dev/null", OFlag::O_RDONLY, Mode::empty())?;
        files.add_dup2(errand.out.as_raw_fd(), 1)?;
        files.add_dup2(errand.err.as_raw_fd(), 2)?;
        let mut how = PosixSpawnAttr::init()?;
        // We ignore it, and block nothing that a program is to get.
        how.set_sigdefault(&SigSet::from(Signal::SIGPIPE))?;
        how.set_sigmask(&SigSet::empty())?;
        how.set_flags(
            PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF
                | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK
                | PosixSpawnFlags::from_bits_retain(POSIX_SPAWN_SETSID.into()),
        )?;
        chdir(folder)?;
        Ok(posix_spawn(program.as_os_str().as_bytes(), &files, &how, &args, &env)?)
    }

    /// As the system takes it.
    fn text(text: OsString) -> io::Result<CString> {
        Ok(CString::new(text.into_vec())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt as _;

    type Starter = fn(Start) -> io::Result<Child>;
    const BOTH: [(&str, Starter); 2] = [("start", Start::start), ("fork", Start::fork)];

    fn sh(script: &str, folder: &std::path::Path) -> Start {
        Start {
            program: "/bin/sh".into(),
            args: ["-c", script].map(OsString::from).to_vec(),
            env: [("GIVEN".into(), "yes".into())].into(),
            folder: folder.to_owned(),
        }
    }

    async fn said(from: Option<Receiver>) -> String {
        let mut all = String::new();
        from.expect("an output").read_to_string(&mut all).await.expect("a text");
        all
    }

    #[tokio::test]
    async fn a_program_has_its_folder_its_environment_and_a_session_of_its_own() {
        const SCRIPT: &str = r#"set -- $(cat /proc/$$/stat)
            echo "$6"; pwd; echo "$GIVEN ${HOME-none}"; read -r line || echo no input
            (exec < /dev/tty) 2> /dev/null || echo no terminal
            kill -PIPE $$; echo ignored"#;
        let ours = std::env::current_dir().expect("a folder");
        for (how, start) in BOTH {
            let folder = tempfile::tempdir().expect("a folder");
            let mut child = start(sh(SCRIPT, folder.path())).expect("it starts");
            let status = child.wait().await.expect("it ends");
            assert_eq!(child.wait().await.expect("and stays so"), status, "{how}");
            assert_eq!(status.signal(), Some(Signal::SIGPIPE as i32), "{how}");
            let path = folder.path().canonicalize().expect("a path");
            let wanted =
                format!("{}\n{}\nyes none\nno input\nno terminal\n", child.pid(), path.display());
            assert_eq!(said(child.stdout.take()).await, wanted, "{how}");
            assert_eq!(said(child.stderr.take()).await, "", "{how}");
            assert_eq!(std::env::current_dir().expect("a folder"), ours, "{how}");
        }
    }

    #[tokio::test]
    async fn both_outputs_and_the_code_are_told() {
        for (how, start) in BOTH {
            let script = "echo one; echo two >&2; exit 3";
            let mut child = start(sh(script, &std::env::temp_dir())).expect("it starts");
            assert_eq!(said(child.stdout.take()).await, "one\n", "{how}");
            assert_eq!(said(child.stderr.take()).await, "two\n", "{how}");
            assert_eq!(child.wait().await.expect("it ends").code(), Some(3), "{how}");
        }
    }

    /// All at once, so that one waits while others end.
    #[tokio::test]
    async fn nobody_misses_the_end_of_his_own() {
        let many = (0..100).map(|code| async move {
            let script = format!("exit {code}");
            let mut child = sh(&script, &std::env::temp_dir()).start().expect("it starts");
            child.wait().await.expect("it ends").code()
        });
        let ended = futures_util::future::join_all(many).await;
        assert_eq!(ended, (0..100).map(Some).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn what_cannot_be_started_says_why() {
        let folder = tempfile::tempdir().expect("a folder");
        for (how, start) in BOTH {
            let nowhere = folder.path().join("nowhere");
            let no_folder = start(sh("true", &nowhere)).err().map(|error| error.kind());
            assert_eq!(no_folder, Some(io::ErrorKind::NotFound), "{how}");
            let program = Start { program: nowhere, ..sh("true", folder.path()) };
            let no_program = start(program).err().map(|error| error.kind());
            assert_eq!(no_program, Some(io::ErrorKind::NotFound), "{how}");
            let mut start_with = sh("true", folder.path());
            start_with.args.push("a\0b".into());
            let no_text = start(start_with).err().map(|error| error.kind());
            assert_eq!(no_text, Some(io::ErrorKind::InvalidInput), "{how}");
        }
    }

    #[tokio::test]
    async fn one_that_nobody_waits_for_is_killed() {
        for (how, start) in BOTH {
            let child = start(sh("exec sleep 1000", &std::env::temp_dir())).expect("it starts");
            let pid = child.pid();
            drop(child);
            let ended = waitpid(pid, None);
            // Its entry may have gone with the drop already.
            let killed = matches!(ended, Ok(WaitStatus::Signaled(_, Signal::SIGKILL, _)));
            assert!(killed || ended == Err(nix::errno::Errno::ECHILD), "{how}: {ended:?}");
        }
    }
}
