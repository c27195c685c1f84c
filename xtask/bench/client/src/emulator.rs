//! The emulator under load, and the bare signatures that it is made of.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Once, OnceLock};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use lp_auth_emulator::{ApiVersion, Emulator};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::time::ClockId;
use nix::unistd::Pid;
use player::{Player, token};
use secrecy::ExposeSecret;

/// Connections that are kept alive, all of them with a request under way.
const CONNECTIONS: usize = 8;

pub(crate) fn subjects(player: Player) -> Player {
    let pair = OnceLock::new();
    let message = token::signing_input(token::KID, 0);
    let mut unique = Lazy::new(|| Load::on(Emulator::builder()));
    let mut beside_peers = Lazy::new(|| Load::on(Emulator::builder()));
    let mut repeated = Lazy::new(|| Load::on(Emulator::builder().sign_once_a_second()));
    let bare = move || {
        stay_on_one_core();
        let pair = pair.get_or_init(|| RsaKeyPair::generate(KeySize::Rsa2048).expect("randomness"));
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message.as_bytes(),
            &mut signature,
        )
        .expect("the key signs");
        signature
    };
    player
        .while_calm(1, |player| {
            player
                .timed("emulator-bare", bare)
                .measured("emulator-unique", move |tokens| {
                    stay_on_one_core();
                    unique.get().ask(tokens)
                })
        })
        .measured("emulator-beside-peers", move |tokens| {
            beside_peers.get().ask(tokens)
        })
        .measured("emulator-repeated", move |tokens| repeated.get().ask(tokens))
}

/// From now on this thread, and those that it starts, the emulator's among them, run on one core: whether that one is
/// ours, its own piece of work says.
fn stay_on_one_core() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let this_thread = Pid::from_raw(0);
        let allowed = sched_getaffinity(this_thread).expect("Linux says where a thread may run");
        let core = (0..CpuSet::count()).find(|core| allowed.is_set(*core).unwrap_or_default());
        let mut one = CpuSet::new();
        one.set(core.expect("a thread runs somewhere"))
            .expect("it is a core");
        sched_setaffinity(this_thread, &one).expect("a thread may run on fewer cores");
    });
}

struct Lazy<F> {
    made: Option<Load>,
    make: F,
}

impl<F: Fn() -> Load> Lazy<F> {
    fn new(make: F) -> Self {
        Self { made: None, make }
    }

    fn get(&mut self) -> &mut Load {
        let make = &self.make;
        self.made.get_or_insert_with(|| make())
    }
}

/// A client that does as little as it can, so that the machine is the emulator's.
struct Load {
    _emulator: Emulator,
    /// Says how long its thread has run.
    clock: ClockId,
    request: Vec<u8>,
    connections: Vec<BufReader<TcpStream>>,
}

impl Load {
    fn on(builder: lp_auth_emulator::EmulatorBuilder) -> Self {
        let before = tasks();
        let emulator = builder.plain_http().start().expect("the emulator starts");
        let task = loop {
            let started = tasks().into_iter().find(|(task, name)| {
                name == "lp-auth-emulator" && !before.iter().any(|(other, _)| other == task)
            });
            if let Some((task, _)) = started {
                break task;
            }
        };
        // The keys are made now: while one is missing, another thread signs.
        for version in [ApiVersion::V1, ApiVersion::V2] {
            emulator.draft(version).sign();
        }
        let body = format!(
            "client_id={}&client_secret={}&grant_type=client_credentials",
            emulator.client_id(),
            emulator.client_secret().expose_secret()
        );
        let request = format!(
            "POST /sentinel/api/v2/account/{}/app/token HTTP/1.1\r\nhost: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            emulator.account().as_str(),
            emulator.sentinel(),
            body.len()
        );
        let connect = |_| BufReader::new(TcpStream::connect(emulator.address()).expect("it listens"));
        Self {
            clock: clock_of(task.parse().expect("threads have numbers")),
            request: request.into_bytes(),
            connections: (0..CONNECTIONS).map(connect).collect(),
            _emulator: emulator,
        }
    }

    /// Nanoseconds of the emulator's CPU time for so many tokens.
    fn ask(&mut self, tokens: u64) -> f64 {
        let before = self.cpu_time();
        let mut asked = 0;
        while asked < tokens {
            for connection in &mut self.connections {
                connection.get_mut().write_all(&self.request).expect("it reads");
            }
            // The last answer first: when it is there all are, and the emulator has not woken this thread for each.
            for connection in self.connections.iter_mut().rev() {
                read_answer(connection);
            }
            asked += CONNECTIONS as u64;
        }
        (self.cpu_time() - before) * tokens as f64 / asked as f64
    }

    fn cpu_time(&self) -> f64 {
        let time = self.clock.now().expect("the thread is there");
        Duration::from(time).as_nanos() as f64
    }
}

/// The clock that counts what a thread of this process runs, as Linux numbers it: the thread's number inverted, and
/// beneath it three bits that say that it is a thread's, and of all that it does.
fn clock_of(task: i32) -> ClockId {
    ClockId::from_raw((!task << 3) | 6)
}

fn read_answer(connection: &mut BufReader<TcpStream>) {
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        connection.read_line(&mut line).expect("it answers");
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().expect("a number");
        }
        if line.starts_with("HTTP/1.1 ") {
            assert!(line.contains(" 200 "), "{line}");
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).expect("it answers");
}

/// The threads of this process, and what they are called.
fn tasks() -> Vec<(String, String)> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux lists threads");
    tasks
        .flatten()
        .filter_map(|task| {
            // The kernel keeps fifteen characters of a name.
            let name = std::fs::read_to_string(task.path().join("comm")).ok()?;
            let name = if name.trim() == "lp-auth-emulato" {
                "lp-auth-emulator"
            } else {
                ""
            };
            Some((task.file_name().to_string_lossy().into_owned(), name.to_owned()))
        })
        .collect()
}
