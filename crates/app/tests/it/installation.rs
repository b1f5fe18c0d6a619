//! A new installation with its three administrators, all that the binary has said there, and what it may never say.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keys::root::PassphraseRoot;
use keys::{CipherPolicy, Suite};
use serde_json::Value;
use store::{Change, NewJob, Options, Place, Store, Tenant, TenantId, system_clock};

use crate::authenticator;
use crate::workdir::{Workdir, assert_code, text};

const PASSPHRASE: &str = "nine copper kettles whistle";
const PASSWORD: &str = "river lamp onyx tuba";
const NEW_PASSWORD: &str = "金丝雀 opal fern quartz dune";

/// One step of a code, in ms.
const STEP_MS: i64 = 30_000;
/// What a run of the binary may take until it looks at a code.
const RUN_MS: i64 = 10_000;

pub struct Installation {
    pub dir: Workdir,
    heard: RefCell<String>,
    secrets: RefCell<Vec<String>>,
    environment: RefCell<Vec<(&'static str, String)>>,
}

/// A second factor in the hands of its owner, who uses each code once.
pub struct Factor {
    secret: Vec<u8>,
    last_step: i64,
}

impl Installation {
    pub fn new(name: &str) -> Self {
        let dir = Workdir::new(name);
        dir.write("passphrase", PASSPHRASE);
        dir.write("password", PASSWORD);
        dir.write("new-password", NEW_PASSWORD);
        let secrets = [PASSPHRASE, PASSWORD, NEW_PASSWORD].map(str::to_owned).to_vec();
        Self { dir, heard: RefCell::default(), secrets: RefCell::new(secrets), environment: RefCell::default() }
    }

    /// Runs the binary on the store.
    pub fn run(&self, code: i32, args: &[&str]) -> String {
        let said = self.once(code, args);
        self.heard.borrow_mut().push_str(&said);
        said
    }

    /// The same of somebody who shows the token in a file.
    pub fn with(&self, token: &str, code: i32, args: &[&str]) -> String {
        self.run(code, &[args, &["--token-file", token]].concat())
    }

    /// The same where a secret is shown, this once.
    pub fn once(&self, code: i32, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        assert_code(&output, code);
        text(&output)
    }

    /// Runs a command that touches no store, and so has no passphrase of one.
    pub fn bare(&self, code: i32, args: &[&str]) -> String {
        let output = self.plain(args).output().unwrap();
        assert_code(&output, code);
        text(&output)
    }

    /// The binary on the store.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.plain(args);
        command.args(["--passphrase-file", "passphrase"]);
        command
    }

    fn plain(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guiju"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GUIJU_")) {
            command.env_remove(name);
        }
        command.args(args).current_dir(self.dir.path()).envs(self.environment.borrow().iter().cloned());
        command
    }

    /// Sets a variable for what is run from now on.
    pub fn set(&self, name: &'static str, value: &str) {
        self.environment.borrow_mut().push((name, value.to_owned()));
    }

    pub fn path(&self, file: &str) -> std::path::PathBuf {
        self.dir.path().join(file)
    }

    /// Takes note of a secret that a command wrote into a file, for its owner alone.
    pub fn written(&self, file: &str) {
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(self.path(file)).unwrap().permissions()) & 0o777, 0o600, "{file}");
        self.keep(fs::read_to_string(self.path(file)).unwrap().trim());
    }

    /// Takes note of a secret that was shown.
    pub fn keep(&self, secret: &str) {
        self.secrets.borrow_mut().push(secret.to_owned());
    }

    /// Takes the second factor out of what was shown.
    pub fn factor(&self, said: &str) -> Factor {
        let uri = said.lines().find(|line| line.starts_with("otpauth://totp/guiju%20main:")).expect("a second factor");
        let secret = uri.split("secret=").nth(1).unwrap().split('&').next().unwrap();
        self.keep(secret);
        Factor { secret: authenticator::base32(&secret.to_lowercase()), last_step: 0 }
    }

    pub fn sign_in(&self, login: &str, code: Option<&str>, out: &str) {
        let mut args = vec!["user", "sign-in", login, "--password-file", "password", "--out", out];
        args.extend(code.iter().flat_map(|code| ["--code", code]));
        self.run(0, &args);
        self.written(out);
    }

    /// The first start; their second factors, and their accounts by number.
    pub fn three(&self) -> [(Factor, String); 3] {
        self.three_of(&[])
    }

    /// The same of a store that is made otherwise.
    pub fn three_of(&self, init: &[&str]) -> [(Factor, String); 3] {
        self.run(0, &[&["keys", "init", "--origin", "audit.example.cn"], init].concat());
        let said = self.run(3, &["ledger", "list"]);
        assert!(said.contains("the first start is not complete") && said.contains("`guiju user start`"), "{said}");
        self.run(0, &["user", "start", "--out", "boot"]);
        self.written("boot");
        let three = [("system", "王一", "wang"), ("security", "李二", "li"), ("audit", "赵三", "zhao")].map(|(seat, name, login)| {
            let who = ["--seat", seat, "--name", name, "--login", login];
            let said = self.once(0, &[&["user", "appoint", "--password-file", "password", "--token-file", "boot"], &who[..]].concat());
            let (mut factor, account) = (self.factor(&said), account(&said));
            self.with("boot", 0, &["user", "enrol", "--account", &account, "--code", &factor.code()]);
            (factor, account)
        });
        let early = self.run(3, &["user", "sign-in", "wang", "--password-file", "password", "--out", "early"]);
        assert!(early.contains("the first start is not complete") && !self.path("early").exists(), "{early}");
        let boot = fs::read_to_string(self.path("boot")).unwrap();
        assert_code(&self.command(&["user", "finish"]).env("GUIJU_TOKEN", boot).output().unwrap(), 0);
        three
    }

    /// What the log says was done, and by whom.
    pub fn log(&self, auditor: &str) -> Vec<(String, String)> {
        let said = self.with(auditor, 0, &["ledger", "list", "--most", "1000", "--json"]);
        let entry = |line: &str| {
            let entry: Value = serde_json::from_str(line).unwrap();
            let word = |name: &str| entry["said"][name].as_str().unwrap().to_owned();
            (word("what"), word("by"))
        };
        said.lines().map(entry).collect()
    }

    /// Does something in the store itself, as no command would.
    pub fn in_store<T>(&self, work: impl AsyncFnOnce(&Tenant) -> T) -> T {
        let directory = self.path("guiju-data");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let root = Arc::new(PassphraseRoot::open(&directory.join("root.key"), PASSPHRASE).unwrap());
            let (place, policy) = (Place { directory, database: None }, CipherPolicy::uniform(Suite::XChaCha20Poly1305));
            let store = Store::open(Options { place, root, policy, clock: system_clock() }).await.unwrap();
            let tenant = store.tenant(&TenantId::main()).await.unwrap();
            let done = work(&tenant).await;
            store.close().await;
            done
        })
    }

    /// A job that its worker gave up.
    pub fn dead_job(&self) -> String {
        self.in_store(async |tenant| {
            let ask = async move |change: &mut Change| {
                let due_ms = change.now_ms();
                change.enqueue(NewJob { kind: "scan", input: Value::Null, due_ms, most_tries: 1 }).await
            };
            let (job, _) = tenant.change(ask).await.unwrap();
            let leased = tenant.lease(60_000).await.unwrap().unwrap();
            tenant.change(async move |change: &mut Change| change.fail(&leased, "no such corpus").await).await.unwrap();
            job
        })
    }

    /// An account with a role, whose owner has signed in; gives the account.
    pub fn member(&self, login: &str, name: &str, role: &str) -> String {
        let (invitation, session) = (format!("invitation-{login}"), format!("s-{login}"));
        let account = account(&self.with("s-wang", 0, &["user", "create", "--login", login, "--name", name, "--out", &invitation]));
        self.written(&invitation);
        self.run(0, &["user", "accept", "--invitation-file", &invitation, "--password-file", "password"]);
        self.sign_in(login, None, &session);
        self.with("s-li", 0, &["role", "grant", &account, role]);
        account
    }

    /// Whether a command on the store has ever said this.
    pub fn has_heard(&self, text: &str) -> bool {
        self.heard.borrow().contains(text)
    }

    /// Nothing that was ever secret stands in what was said, nor in a file of the store.
    pub fn keeps_its_secrets(&self) {
        let (heard, secrets) = (self.heard.borrow(), self.secrets.borrow());
        let files = texts(&self.path("guiju-data"));
        assert!(heard.contains("qian") && files.contains("钱四"), "what is no secret is found");
        for secret in secrets.iter() {
            assert!(!heard.contains(secret.as_str()), "a secret was said");
            let raw = secret.strip_prefix("guiju_").unwrap_or(secret);
            assert!(!files.contains(raw), "a secret is stored");
        }
        assert!(secrets.len() == 15, "{}", secrets.len());
    }
}

impl Factor {
    /// A code that was not used before and still holds when the binary looks at it; waits for one where all are used up.
    pub fn code(&mut self) -> String {
        let now_ms = || i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
        let first = (now_ms() + RUN_MS) / STEP_MS - 1;
        self.last_step = first.max(self.last_step + 1);
        while now_ms() / STEP_MS + 1 < self.last_step {
            std::thread::sleep(Duration::from_millis(200));
        }
        authenticator::code(&self.secret, self.last_step * STEP_MS)
    }
}

/// The first account that is named.
pub fn account(said: &str) -> String {
    said.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '-').find(|word| word.starts_with("account-")).unwrap().to_owned()
}

/// The first id of 32 digits that is named.
pub fn id(said: &str) -> String {
    said.split_whitespace().find(|word| word.len() == 32).unwrap().to_owned()
}

/// All files of a directory, one after the other; what is no text in them is lost.
fn texts(directory: &Path) -> String {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    paths.map(|path| if path.is_dir() { texts(&path) } else { read(&path) }).collect()
}
