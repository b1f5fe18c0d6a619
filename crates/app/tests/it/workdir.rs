//! A directory of its own for each test, and the binary run in it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

pub struct Workdir(PathBuf);

impl Workdir {
    pub fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("guiju-it-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// A bank of `n` content questions and as many of each refusal kind.
    pub fn bank(&self, n: usize) -> String {
        let head = "format = 1\nname = \"t\"\nversion = \"1\"\nupdated = 2026-11-21\nlicence = \"Apache-2.0\"\n";
        self.write("bank/bank.toml", head);
        let line = |part: &str, group: &str, i: usize| {
            format!(
                "{{\"id\":\"{part}-{i}\",{group},\"lang\":\"zh\",\"modality\":\"text\",\"style\":\"plain\",\"turns\":[\"{part} 第 {i} 问\"],\"why\":\"测试\",\"added\":\"2026-11-21\"}}\n"
            )
        };
        let all = |part: &str, group: &str| (0..n).map(|i| line(part, group, i)).collect::<String>();
        self.write("bank/content.jsonl", &all("c", "\"class\":\"A1f\""));
        self.write("bank/should-refuse.jsonl", &all("r", "\"class\":\"A2e\""));
        self.write("bank/should-answer.jsonl", &all("n", "\"aspect\":\"history\""));
        self.0.join("bank").display().to_string()
    }

    pub fn guiju(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub fn spawn(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guiju"));
        command.args(args).current_dir(&self.0);
        command
    }

    /// The only run under `guiju-out`.
    pub fn run(&self) -> String {
        let mut runs: Vec<_> = std::fs::read_dir(self.0.join("guiju-out")).unwrap().map(|e| e.unwrap().path()).collect();
        runs.sort();
        runs.pop().expect("a run").display().to_string()
    }

    pub fn report(&self, run: &str) -> String {
        std::fs::read_to_string(Path::new(run).join("report.json")).unwrap()
    }

    pub fn journal(&self, run: &str) -> String {
        std::fs::read_to_string(Path::new(run).join("journal.jsonl")).unwrap()
    }
}

impl Drop for Workdir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub fn assert_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", text(output));
}
