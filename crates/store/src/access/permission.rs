//! Permissions: what can be granted, one word for each act. What is not in the list cannot be permitted.
//!
//! Every command and every route carries one of these; the shell's test walks them against the matrix. The words and the marks of a
//! permission stand in the table, so that the list cannot say one thing and the matrix another.

use taxonomy::Lang;

use super::role::{Role, Roles};
use super::table::{Mark, TABLE};

ids! {
    /// An act that some role may do, `noun.verb`.
    Permission, "permission", {
        UserCreate = "user.create";
        UserDisable = "user.disable";
        UserUnlock = "user.unlock";
        UserRead = "user.read";
        RoleGrant = "role.grant";
        RoleRevoke = "role.revoke";
        TokenIssue = "token.issue";
        TokenRevoke = "token.revoke";
        SessionEnd = "session.end";
        IncidentHandle = "incident.handle";
        AuditorWatch = "auditor.watch";
        ActApprove = "act.approve";
        TenantCreate = "tenant.create";
        EndpointChange = "endpoint.change";
        ServiceRead = "service.read";
        JobRead = "job.read";
        JobRetry = "job.retry";
        JobWork = "job.work";
        BackupCreate = "backup.create";
        BackupVerify = "backup.verify";
        BackupRestore = "backup.restore";
        BackupDrill = "backup.drill";
        IntegrityCheck = "integrity.check";
        KeyStatus = "key.status";
        KeyRotate = "key.rotate";
        KeyDestroy = "key.destroy";
        CipherChange = "cipher.change";
        PolicyRead = "policy.read";
        PolicyChange = "policy.change";
        LexiconChange = "lexicon.change";
        BanChange = "ban.change";
        KillSwitch = "kill-switch";
        BreakGlass = "break-glass";
        LedgerRead = "ledger.read";
        LedgerVerify = "ledger.verify";
        LedgerProve = "ledger.prove";
        LedgerExport = "ledger.export";
        LedgerWitness = "ledger.witness";
        LedgerEpoch = "ledger.epoch";
        RetentionCut = "retention.cut";
        BulkExport = "bulk-export";
        ModelRead = "model.read";
        ModelRegister = "model.register";
        ModelVerify = "model.verify";
        ModelPromote = "model.promote";
        ModelRollback = "model.rollback";
        BankChange = "bank.change";
        AssessRun = "assess.run";
        AssessRead = "assess.read";
        TraceRead = "trace.read";
        CaseRead = "case.read";
        CaseReview = "case.review";
        CaseConfirm = "case.confirm";
        ComplaintHandle = "complaint.handle";
        AnnotationWrite = "annotation.write";
        AnnotationReview = "annotation.review";
        PrivacyErase = "privacy.erase";
        PrivacyEraseHeld = "privacy.erase-held";
        PrivacyExport = "privacy.export";
        PrivacyCorrect = "privacy.correct";
        SourceRead = "source.read";
        SourceChange = "source.change";
        SourceUnblock = "source.unblock";
        ConsentRead = "consent.read";
        ConsentChange = "consent.change";
        ConsentSnapshot = "consent.snapshot";
        CorpusRead = "corpus.read";
        CorpusScan = "corpus.scan";
        CorpusSpotcheck = "corpus.spotcheck";
        CorpusExport = "corpus.export";
    }
}

impl Permission {
    /// What it allows, in words that follow 'may'.
    #[must_use]
    pub fn title(self, lang: Lang) -> &'static str {
        TABLE.permission(self).map_or(self.id(), |row| row.title(lang))
    }

    /// The roles that hold it.
    #[must_use]
    pub fn holders(self) -> Roles {
        TABLE.permission(self).map_or(Roles::NONE, |row| row.roles)
    }

    /// Whether something in the product is other afterwards.
    #[must_use]
    pub fn changes(self) -> bool {
        TABLE.is(self, Mark::Changes)
    }

    /// Whether it shows what people wrote or a service answered.
    #[must_use]
    pub fn reads_content(self) -> bool {
        TABLE.is(self, Mark::ReadsContent)
    }

    /// Whether it needs the second factor afresh ([`super::Session::is_fresh`]).
    #[must_use]
    pub fn needs_step_up(self) -> bool {
        TABLE.is(self, Mark::StepUp)
    }

    /// Whether it needs two of the three administrators ([`super::Approval`]).
    #[must_use]
    pub fn needs_two_persons(self) -> bool {
        TABLE.is(self, Mark::TwoPersons)
    }

    /// The permissions whose work it checks: the maker of a thing is never its checker ([`super::may_check`]).
    #[must_use]
    pub fn checks(self) -> &'static [Self] {
        TABLE.permission(self).map_or(&[], |row| &row.checks)
    }

    /// The administrators that may be the second of the two persons. Which of them proposed is left to [`super::Approval`].
    #[must_use]
    pub fn consenters(self) -> Roles {
        if !self.needs_two_persons() {
            return Roles::NONE;
        }
        let named = TABLE.permission(self).map_or(Roles::NONE, |row| row.consent);
        if named.is_empty() { Role::ALL.iter().copied().filter(|role| role.is_administrator()).collect() } else { named }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_nouns_and_verbs_and_read_back() {
        for permission in Permission::ALL.iter().copied() {
            assert_eq!(permission.id().parse(), Ok(permission));
            assert!(permission.id().bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'.'), "{permission}");
            assert!(permission.id().matches('.').count() <= 1, "{permission}");
        }
        assert!("user.createx".parse::<Permission>().is_err());
    }

    #[test]
    fn the_second_person_is_an_administrator() {
        let three = Roles::from_iter([Role::System, Role::Security, Role::Audit]);
        assert_eq!(Permission::KeyDestroy.consenters(), three);
        assert_eq!(Permission::LedgerEpoch.consenters(), Roles::NONE.with(Role::Audit));
        assert_eq!(Permission::UserCreate.consenters(), Roles::NONE);
    }
}
