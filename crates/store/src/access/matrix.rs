//! The permission matrix: rows are permissions, columns are roles. The golden copy is `data/matrix.md`.

use std::fmt::Write as _;

use taxonomy::Lang;

use super::permission::Permission;
use super::role::{Role, Roles};
use super::table::pick;

/// Who holds what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// One for each permission, in their order.
    pub rows: Vec<MatrixRow>,
}

/// One permission and the roles that hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatrixRow {
    /// The permission.
    pub permission: Permission,
    /// Its holders.
    pub holders: Roles,
}

/// The matrix of this build.
#[must_use]
pub fn matrix() -> Matrix {
    let row = |permission: &Permission| MatrixRow { permission: *permission, holders: permission.holders() };
    Matrix { rows: Permission::ALL.iter().map(row).collect() }
}

impl Matrix {
    /// As a Markdown table.
    #[must_use]
    pub fn markdown(&self, lang: Lang) -> String {
        let mut page = format!("# {}\n\n{}\n\n", pick(lang, "权限矩阵", "Permission matrix"), note(lang));
        let marks = [pick(lang, "更改", "changes"), pick(lang, "见内容", "content"), pick(lang, "再认证", "step-up")];
        let last = [pick(lang, "双人", "two persons"), pick(lang, "检查", "checks")];
        let first = [pick(lang, "权限", "permission"), pick(lang, "含义", "what it allows")];
        let roles = Role::ALL.iter().map(|role| role.title(lang));
        line(&mut page, first.into_iter().chain(roles).chain(marks).chain(last));
        line(&mut page, (0..first.len() + Role::ALL.len() + marks.len() + last.len()).map(|_| "---"));
        for row in &self.rows {
            row.write(&mut page, lang);
        }
        page
    }
}

impl MatrixRow {
    fn write(self, page: &mut String, lang: Lang) {
        let Self { permission, holders } = self;
        let tick = |yes: bool| if yes { "✓" } else { "" };
        let id = format!("`{permission}`");
        let checks = permission.checks().iter().map(|made| format!("`{made}`")).collect::<Vec<_>>().join(" ");
        let second = consenters(permission, lang);
        let marks = [tick(permission.changes()), tick(permission.reads_content()), tick(permission.needs_step_up()), &second, &checks];
        let held = Role::ALL.iter().map(|role| tick(holders.contains(*role)));
        line(page, [id.as_str(), permission.title(lang)].into_iter().chain(held).chain(marks));
    }
}

/// Who may be the second person: a tick where it is any other administrator, else their names.
fn consenters(permission: Permission, lang: Lang) -> String {
    let second = permission.consenters();
    if second.is_empty() {
        String::new()
    } else if Role::ALL.iter().all(|role| role.is_administrator() == second.contains(*role)) {
        "✓".to_owned()
    } else {
        second.iter().map(|role| role.title(lang)).collect::<Vec<_>>().join(pick(lang, "、", ", "))
    }
}

fn note(lang: Lang) -> &'static str {
    pick(
        lang,
        "由 `permissions.toml` 生成，请勿手改。✓ 表示具有或属于。“双人”指须由三名管理员中的两人办理；列出名称的，第二人只能是该管理员。“检查”列出其所检查的权限，同一人不得兼有。",
        "Made from `permissions.toml`; do not edit. ✓ says that the role holds it, or that it is so. 'Two persons' are two of the three administrators; where one is named, the second can only be that one. 'Checks' names the permissions whose work it checks; no person holds both.",
    )
}

fn line<'a>(page: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for cell in cells {
        let _ = write!(page, "| {cell}{}", if cell.is_empty() { "" } else { " " });
    }
    page.push_str("|\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Set to any value, it has the test below write the golden copy: `GUIJU_WRITE_MATRIX=1 cargo test -p guiju-store matrix`.
    const WRITE: &str = "GUIJU_WRITE_MATRIX";

    #[test]
    fn the_golden_matrix_is_this_one() {
        let made = format!("{}\n{}", matrix().markdown(Lang::Zh), matrix().markdown(Lang::En));
        if std::env::var_os(WRITE).is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/data/matrix.md"), &made).unwrap();
            return;
        }
        let golden = include_str!("../../data/matrix.md");
        // The first line that differs says more than two whole pages.
        let differs = golden.lines().zip(made.lines()).find(|(old, new)| old != new);
        assert_eq!(differs, None, "run with {WRITE}=1, then read what changed");
        assert_eq!(golden.len(), made.len(), "run with {WRITE}=1, then read what changed");
    }

    #[test]
    fn every_row_has_every_column() {
        for lang in Lang::ALL.iter().copied() {
            let page = matrix().markdown(lang);
            let rows: Vec<_> = page.lines().filter(|line| line.starts_with('|')).collect();
            assert_eq!(rows.len(), Permission::ALL.len() + 2);
            assert!(rows.iter().all(|row| row.matches('|').count() == Role::ALL.len() + 8), "{lang}");
        }
    }

    #[test]
    fn ticks_stand_under_their_role() {
        let page = matrix().markdown(Lang::En);
        let cells = |start: &str| -> Vec<String> {
            let row = page.lines().find(|line| line.starts_with(start)).unwrap();
            row.split('|').map(|cell| cell.trim().to_owned()).collect()
        };
        let (head, grant) = (cells("| permission"), cells("| `role.grant`"));
        let ticked: Vec<_> = head.iter().zip(&grant).filter(|(_, cell)| *cell == "✓").map(|(name, _)| name.as_str()).collect();
        assert_eq!(ticked, ["security administrator", "changes", "step-up"]);
        assert_eq!(cells("| `ledger.epoch`").get(18).map(String::as_str), Some("audit administrator"));
    }
}
