//! Job descriptions (岗位说明书, LN-9.2-c): what a role is there for, what its holder must bring, how they work, what they may do, what
//! they may never do, and whom they cannot be at the same time. Printed from the same table that decides.

use std::fmt::Write as _;

use taxonomy::Lang;

use super::permission::Permission;
use super::role::Role;
use super::session::{ABSOLUTE_MS, STEP_UP_MS, idle_ms};
use super::table::{TABLE, pick};
use super::{HOUR_MS, MINUTE_MS, Roles};

/// The job description of a role, in Markdown.
#[must_use]
pub fn job_description(role: Role, lang: Lang) -> String {
    let mut page = format!("# {}{}\n", pick(lang, "岗位说明书：", "Job description: "), role.title(lang));
    section(&mut page, pick(lang, "职责", "Duty"), [role.job(lang).to_owned()]);
    section(&mut page, pick(lang, "任职要求", "Requirements"), [role.fit(lang).to_owned()]);
    section(&mut page, pick(lang, "工作要求", "How the work is done"), rules(role, lang));
    let may = Permission::ALL.iter().copied().filter(|permission| permission.holders().contains(role));
    section(&mut page, pick(lang, "权限", "May"), may.map(|permission| power(permission, lang)));
    let rest = pick(lang, "上面没有列出的，本岗位一律不得为。", "Whatever is not listed above, this role may not do.");
    section(&mut page, pick(lang, "不得", "May not"), [rest.to_owned()]);
    let never = TABLE.never(role).into_iter().map(|permission| format!("{} `{permission}`", permission.title(lang)));
    section(&mut page, pick(lang, "兼任其他岗位也不得", "Never, whatever other role is held"), never);
    let excluded = TABLE.excluded(role).iter().map(|other| other.title(lang).to_owned());
    section(&mut page, pick(lang, "同一人不得兼任", "The same person is never also"), excluded);
    page
}

fn section(page: &mut String, title: &str, lines: impl IntoIterator<Item = String>) {
    let _ = write!(page, "\n## {title}\n\n");
    for line in lines {
        let _ = writeln!(page, "- {line}");
    }
}

fn rules(role: Role, lang: Lang) -> Vec<String> {
    let (idle, hours) = (idle_ms(Roles::NONE.with(role)) / MINUTE_MS, ABSOLUTE_MS / HOUR_MS);
    let session = match lang {
        Lang::Zh => format!("会话闲置 {idle} 分钟或满 {hours} 小时即结束。"),
        Lang::En => format!("A session ends after {idle} idle minutes, and after {hours} hours in any case."),
    };
    let factor = pick(lang, "以双因素登录。", "Signs in with two factors.");
    role.needs_second_factor().then(|| factor.to_owned()).into_iter().chain([session]).collect()
}

fn power(permission: Permission, lang: Lang) -> String {
    let fresh = STEP_UP_MS / MINUTE_MS;
    let step_up = match lang {
        Lang::Zh => format!("须在 {fresh} 分钟内再次认证"),
        Lang::En => format!("second factor within the last {fresh} minutes"),
    };
    let two = pick(lang, "须三名管理员中的两人办理", "two of the three administrators");
    let notes: Vec<_> = [(permission.needs_step_up(), step_up.as_str()), (permission.needs_two_persons(), two)]
        .into_iter()
        .filter_map(|(so, note)| so.then_some(note))
        .collect();
    let (open, between, close) = (pick(lang, "（", " ("), pick(lang, "；", "; "), pick(lang, "）", ")"));
    let notes = if notes.is_empty() { String::new() } else { format!("{open}{}{close}", notes.join(between)) };
    format!("{} `{permission}`{notes}", permission.title(lang))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_description_says_what_the_table_decides() {
        for role in Role::ALL.iter().copied() {
            let reachable = |permission| Role::ALL.iter().any(|other| Roles::NONE.with(role).with(*other).may(permission));
            for lang in Lang::ALL.iter().copied() {
                let page = job_description(role, lang);
                let part = |zh, en| page.split("## ").find(|part| part.starts_with(pick(lang, zh, en))).unwrap();
                let (may, never) = (part("权限\n", "May\n"), part("兼任", "Never"));
                for permission in Permission::ALL.iter().copied() {
                    let id = format!("`{permission}`");
                    assert_eq!(may.contains(&id), Roles::NONE.with(role).may(permission), "{role} {permission} {lang}");
                    assert_eq!(never.contains(&id), !reachable(permission), "{role} {permission} {lang}");
                }
                assert_eq!(page.matches("\n## ").count(), 7, "{role} {lang}");
                let also = part("同一人", "The same");
                assert!(Role::ALL.iter().all(|other| also.contains(&format!("- {}\n", other.title(lang))) == role.excludes(*other)));
            }
        }
    }

    #[test]
    fn the_auditor_reads_what_binds_them() {
        let page = job_description(Role::Audit, Lang::En);
        for line in [
            "# Job description: audit administrator",
            "- Signs in with two factors.",
            "- A session ends after 15 idle minutes, and after 8 hours in any case.",
            "- read what the ledger keeps sealed `ledger.read`\n",
            "- cosign a checkpoint with the witness key `ledger.witness` (second factor within the last 10 minutes)",
            "## Never, whatever other role is held\n\n- create an empty account `user.create`\n",
            "- grant a role `role.grant`\n",
            "- system administrator\n- security administrator\n",
        ] {
            assert!(page.contains(line), "{line}\n{page}");
        }
        assert!(
            job_description(Role::Security, Lang::Zh)
                .contains("销毁密钥 `key.destroy`（须在 10 分钟内再次认证；须三名管理员中的两人办理）")
        );
    }
}
