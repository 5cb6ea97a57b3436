//! The program at a terminal: a pseudo-terminal, what is shown on it, and the keys that are pressed.

use crate::env::Project;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// How long something may take to appear. Only a broken program needs it.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program, running at a terminal of its own.
pub(crate) struct Terminal {
    /// Our side. Nothing once the terminal was closed.
    master: Option<File>,
    /// The program's side. Held open, so that what it was left like can be seen.
    slave: Option<OwnedFd>,
    child: Child,
    /// Everything that was shown, as the terminal got it.
    shown: Vec<u8>,
    /// How much of it `wait_for` has passed.
    seen: usize,
}

impl Terminal {
    /// Starts the program at a new terminal, which is also its controlling terminal.
    pub(crate) fn start(project: &Project, arguments: &[&str], more: &[(&str, &str)]) -> Self {
        let plain = project.command(arguments);
        let size = Winsize { ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(&size, None).expect("a terminal");
        fcntl(&pair.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("a terminal to look at");
        // Nobody but us may hold our side open, or closing it would close nothing.
        for side in [&pair.master, &pair.slave] {
            let flag = FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC);
            fcntl(side, flag).expect("a side that children do not get");
        }
        let stream = || pair.slave.try_clone().expect("a stream");
        // It becomes the program itself: the same process, with the terminal as its own.
        let mut command = Command::new("setsid");
        command
            .arg("--ctty")
            .arg(plain.get_program())
            .args(plain.get_args())
            .current_dir(project.path())
            .env_clear()
            .envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env("TERM", "xterm-256color")
            .envs(more.iter().copied())
            .stdin(stream())
            .stdout(stream())
            .stderr(stream());
        let child = command.spawn().expect("the program starts");
        Self {
            master: Some(File::from(pair.master)),
            slave: Some(pair.slave),
            child,
            shown: Vec::new(),
            seen: 0,
        }
    }

    /// Reads whatever was shown by now.
    fn look(&mut self) {
        let Some(master) = &mut self.master else { return };
        let mut bytes = [0; 8192];
        loop {
            match master.read(&mut bytes) {
                Ok(0) => return,
                Ok(count) => self.shown.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Nothing more yet, or never again.
                Err(_) => return,
            }
        }
    }

    /// Everything that was shown, without what steers the terminal.
    pub(crate) fn text(&mut self) -> String {
        self.look();
        plain(&self.shown)
    }

    /// Everything that was shown, as the terminal got it.
    pub(crate) fn raw(&mut self) -> Vec<u8> {
        self.look();
        self.shown.clone()
    }

    /// Waits until a text is shown, after everything that was waited for before.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> &mut Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.look();
            let new = plain(&self.shown[self.seen..]);
            if new.contains(text) {
                self.seen = self.shown.len();
                return self;
            }
            let ended = self.child.try_wait().expect("a state");
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "{text:?} was not shown ({ended:?}):\n{}",
                plain(&self.shown)
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until a question reads keys: it has switched the terminal's lines or its echo off. Keys
    /// that are pressed before that may be thrown away.
    #[track_caller]
    pub(crate) fn asked(&mut self, text: &str) -> &mut Self {
        self.wait_for(text);
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.look();
            let slave = self.slave.as_ref().expect("the terminal is open");
            let flags = tcgetattr(slave).expect("its state").local_flags;
            if !flags.contains(LocalFlags::ICANON | LocalFlags::ECHO) {
                return self;
            }
            assert!(Instant::now() < deadline, "no question:\n{}", plain(&self.shown));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) -> &mut Self {
        let master = self.master.as_mut().expect("the terminal is open");
        master.write_all(keys.as_bytes()).expect("keys can be pressed");
        self
    }

    /// Sends the program a signal that does not come from the keyboard.
    pub(crate) fn signal(&mut self, signal: Signal) -> &mut Self {
        kill(self.pid(), signal).expect("it can be signalled");
        self
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process number"))
    }

    /// Closes the window: the program gets SIGHUP, and its terminal is gone.
    pub(crate) fn close(&mut self) -> &mut Self {
        self.look();
        self.slave = None;
        self.master = None;
        self
    }

    /// Waits for the end. Gives the exit code, and panics when there is none.
    #[track_caller]
    pub(crate) fn code(&mut self) -> i32 {
        let status = self.end();
        let code = status.code();
        code.unwrap_or_else(|| panic!("ended by {status}:\n{}", plain(&self.shown)))
    }

    /// Waits for the end with that code.
    #[track_caller]
    pub(crate) fn ended(&mut self, code: i32) -> &mut Self {
        let found = self.code();
        assert_eq!(found, code, "on the terminal:\n{}", plain(&self.shown));
        self
    }

    #[track_caller]
    fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.look();
            if let Some(status) = self.child.try_wait().expect("a state") {
                self.look();
                return status;
            }
            assert!(Instant::now() < deadline, "it hangs:\n{}", plain(&self.shown));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Panics unless the terminal is as a shell wants it: lines, echo, signals, and a cursor.
    #[track_caller]
    pub(crate) fn assert_sane(&mut self) {
        self.look();
        let slave = self.slave.as_ref().expect("the terminal is open");
        let flags = tcgetattr(slave).expect("its state").local_flags;
        for (flag, what) in [
            (LocalFlags::ICANON, "lines"),
            (LocalFlags::ECHO, "echo"),
            (LocalFlags::ISIG, "signals from keys"),
        ] {
            assert!(flags.contains(flag), "the terminal was left without {what}");
        }
        let last = |mark: &[u8]| self.shown.windows(mark.len()).rposition(|found| found == mark);
        let (hidden, visible) = (last(b"\x1b[?25l"), last(b"\x1b[?25h"));
        assert!(hidden <= visible, "the cursor was left hidden");
        assert!(last(b"\x1b[?1049h").is_none(), "the other screen was taken");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A test that failed must not leave a program behind.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn plain(bytes: &[u8]) -> String {
    anstream::adapter::strip_str(&String::from_utf8_lossy(bytes)).to_string().replace('\r', "")
}
