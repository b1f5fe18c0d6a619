//! The table of `data/permissions.toml`, read once.
//!
//! It is part of the program, so that it can only be wrong at build time; [`super::invariants`] holds it against what must be true of
//! it. Were it unreadable all the same, it would be empty: nobody would hold anything, and every act would carry every mark.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use taxonomy::Lang;

use super::permission::Permission;
use super::role::{Role, Roles};

/// The source of the table.
pub(super) const SOURCE: &str = include_str!("../../data/permissions.toml");

/// The table of this build.
pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| Table::parse(SOURCE).unwrap_or_default());

/// What is true of a permission beside who holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mark {
    /// Something in the product is other afterwards.
    Changes,
    /// It shows what people wrote or a service answered.
    ReadsContent,
    /// It needs the second factor afresh.
    StepUp,
    /// It needs two of the three administrators.
    TwoPersons,
}

/// What the table says of a role.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RoleRow {
    zh: String,
    en: String,
    job: (String, String),
    fit: (String, String),
    #[serde(default)]
    pub(super) administrator: bool,
    #[serde(default)]
    pub(super) second_factor: bool,
    #[serde(default)]
    excludes: Roles,
    #[serde(default)]
    pub(super) never: Vec<Mark>,
}

impl RoleRow {
    pub(super) fn title(&self, lang: Lang) -> &str {
        pick(lang, &self.zh, &self.en)
    }

    pub(super) fn job(&self, lang: Lang) -> &str {
        pick(lang, &self.job.0, &self.job.1)
    }

    pub(super) fn fit(&self, lang: Lang) -> &str {
        pick(lang, &self.fit.0, &self.fit.1)
    }
}

/// What the table says of a permission.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PermissionRow {
    zh: String,
    en: String,
    pub(super) roles: Roles,
    #[serde(default)]
    pub(super) is: Vec<Mark>,
    #[serde(default)]
    pub(super) checks: Vec<Permission>,
    #[serde(default)]
    pub(super) consent: Roles,
}

impl PermissionRow {
    pub(super) fn title(&self, lang: Lang) -> &str {
        pick(lang, &self.zh, &self.en)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    role: BTreeMap<Role, RoleRow>,
    permission: BTreeMap<Permission, PermissionRow>,
}

/// Roles, permissions, and which roles exclude each other.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    roles: BTreeMap<Role, RoleRow>,
    permissions: BTreeMap<Permission, PermissionRow>,
    /// Derived from both once, since every check of a set of roles asks it.
    excluded: BTreeMap<Role, Roles>,
}

impl Table {
    pub(super) fn parse(source: &str) -> Result<Self, toml::de::Error> {
        let Source { role: roles, permission: permissions } = toml::from_str(source)?;
        Ok(Self { roles, permissions, excluded: BTreeMap::new() }.derived())
    }

    fn derived(mut self) -> Self {
        let excluded = |role: Role| Role::ALL.iter().copied().filter(|other| *other != role && self.exclude(role, *other)).collect();
        self.excluded = Role::ALL.iter().map(|role| (*role, excluded(*role))).collect();
        self
    }

    pub(super) fn role(&self, role: Role) -> Option<&RoleRow> {
        self.roles.get(&role)
    }

    pub(super) fn permission(&self, permission: Permission) -> Option<&PermissionRow> {
        self.permissions.get(&permission)
    }

    /// Whether a permission carries a mark; one that is not in the table carries all.
    pub(super) fn is(&self, permission: Permission, mark: Mark) -> bool {
        self.permission(permission).is_none_or(|row| row.is.contains(&mark))
    }

    pub(super) fn holds(&self, role: Role, permission: Permission) -> bool {
        self.permission(permission).is_some_and(|row| row.roles.contains(role))
    }

    /// What a role excludes. One that is not in the table excludes every other.
    pub(super) fn excluded(&self, role: Role) -> Roles {
        self.excluded.get(&role).copied().unwrap_or_else(|| Role::ALL.iter().copied().filter(|other| *other != role).collect())
    }

    pub(super) fn conflicts(&self, roles: Roles) -> Option<(Role, Role)> {
        roles.iter().find_map(|role| self.excluded(role).common(roles).iter().next().map(|other| (role, other)))
    }

    /// What a role may never do, in whatever other role the same person may also hold.
    pub(super) fn never(&self, role: Role) -> Vec<Permission> {
        let beside = |other: Role| !self.excluded(role).contains(other);
        let reaches = |permission: Permission| Role::ALL.iter().any(|other| beside(*other) && self.holds(*other, permission));
        Permission::ALL.iter().copied().filter(|permission| !reaches(*permission)).collect()
    }

    /// The table with one row of a permission edited, for tests.
    #[cfg(test)]
    pub(super) fn with(&self, permission: Permission, edit: impl FnOnce(&mut PermissionRow)) -> Self {
        let mut table = self.clone();
        edit(table.permissions.get_mut(&permission).unwrap());
        table.derived()
    }

    /// The table with one row of a role edited, for tests.
    #[cfg(test)]
    pub(super) fn with_role(&self, role: Role, edit: impl FnOnce(&mut RoleRow)) -> Self {
        let mut table = self.clone();
        edit(table.roles.get_mut(&role).unwrap());
        table.derived()
    }

    fn exclude(&self, a: Role, b: Role) -> bool {
        self.names(a, b) || self.names(b, a) || self.bars(a, b) || self.bars(b, a) || self.checks(a, b) || self.checks(b, a)
    }

    /// The one names the other.
    fn names(&self, a: Role, b: Role) -> bool {
        self.role(a).is_some_and(|row| row.excludes.contains(b))
    }

    /// The other holds what the holder of the one never holds.
    fn bars(&self, a: Role, b: Role) -> bool {
        let never = self.role(a).map_or(&[][..], |row| &row.never);
        self.permissions.keys().any(|permission| self.holds(b, *permission) && never.iter().any(|mark| self.is(*permission, *mark)))
    }

    /// The one checks what the other makes.
    fn checks(&self, a: Role, b: Role) -> bool {
        self.permissions.values().any(|row| row.roles.contains(a) && row.checks.iter().any(|made| self.holds(b, *made)))
    }
}

/// The Chinese or the English of two texts.
pub(super) const fn pick<'a>(lang: Lang, zh: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_and_permission_has_its_row_and_its_words() {
        let table = Table::parse(SOURCE).unwrap();
        for role in Role::ALL.iter().copied() {
            let row = table.role(role).unwrap_or_else(|| panic!("role {role} has no row"));
            for lang in Lang::ALL.iter().copied() {
                assert!(!row.title(lang).is_empty() && !row.job(lang).is_empty() && !row.fit(lang).is_empty(), "{role} {lang}");
            }
        }
        for permission in Permission::ALL.iter().copied() {
            let row = table.permission(permission).unwrap_or_else(|| panic!("permission {permission} has no row"));
            assert!(!row.title(Lang::Zh).is_ascii() && row.title(Lang::En).is_ascii(), "{permission}");
        }
    }

    #[test]
    fn a_misspelt_table_is_refused() {
        for (right, wrong) in
            [("[\"system\"]", "[\"sistem\"]"), ("\"changes\"", "\"change\""), ("consent = [", "consents = ["), ("never = [", "nevr = [")]
        {
            let spoiled = SOURCE.replacen(right, wrong, 1);
            assert!(spoiled != SOURCE && Table::parse(&spoiled).is_err(), "{wrong}");
        }
        // TOML itself refuses a permission that stands there twice.
        let twice = format!("{SOURCE}\n\"user.create\" = {{ zh = \"甲\", en = \"a\", roles = [\"audit\"] }}");
        assert!(Table::parse(&twice).is_err());
    }

    #[test]
    fn who_is_excluded_excludes() {
        let named = Table::parse(SOURCE).unwrap().with_role(Role::Annotator, |row| row.excludes = Roles::NONE.with(Role::Monitor));
        assert!(named.excluded(Role::Annotator).contains(Role::Monitor) && named.excluded(Role::Monitor).contains(Role::Annotator));
        for (a, b) in Role::ALL.iter().flat_map(|a| Role::ALL.iter().map(move |b| (*a, *b))) {
            assert_eq!(named.excluded(a).contains(b), named.excluded(b).contains(a), "{a} {b}");
        }
    }

    #[test]
    fn an_empty_table_permits_nothing() {
        let empty = Table::default();
        let two = Roles::from_iter([Role::Reviewer, Role::Monitor]);
        assert!(empty.conflicts(two).is_some() && empty.conflicts(Roles::NONE.with(Role::Reviewer)).is_none());
        assert!(empty.is(Permission::UserRead, Mark::TwoPersons) && !empty.holds(Role::System, Permission::UserCreate));
        assert_eq!(empty.never(Role::System).len(), Permission::ALL.len());
    }
}
