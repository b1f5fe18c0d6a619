//! Sensitive personal information as PIPL article 28 parts it, and which kinds of finding speak for which part.

use taxonomy::PersonalKind;

taxonomy::words! {
    /// A part of sensitive personal information.
    Sensitive, "part of sensitive personal information", {
        Biometric = "biometric", "生物识别", "biometric recognition";
        Belief = "belief", "宗教信仰", "religious belief";
        Identity = "identity", "特定身份", "specific identity";
        Health = "health", "医疗健康", "medical and health";
        Account = "account", "金融账户", "financial account";
        Whereabouts = "whereabouts", "行踪轨迹", "whereabouts";
        Minor = "minor", "不满十四周岁未成年人", "minor under fourteen";
    }
}

impl Sensitive {
    /// What a kind speaks for; none where it is not sensitive.
    ///
    /// Text alone does not show all of it. Not seen are: faces, voices and fingerprints themselves; an illness that is told without its usual words;
    /// a journey that is told without coordinates; balances and accounts other than bank cards and IBANs; a specific identity that is not a
    /// number of a document; a child whose age is not said.
    #[must_use]
    pub const fn of(kind: PersonalKind) -> Option<Self> {
        use PersonalKind as K;
        Some(match kind {
            K::Biometric => Self::Biometric,
            K::Belief => Self::Belief,
            K::IdentityNumber
            | K::Passport
            | K::HkMacaoPermit
            | K::TaiwanPermit
            | K::OfficerCard
            | K::SocialSecurity
            | K::DrivingLicence
            | K::UsSsn => Self::Identity,
            K::Health => Self::Health,
            K::BankCard | K::Iban => Self::Account,
            K::GpsPosition => Self::Whereabouts,
            K::Under14 => Self::Minor,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sensitive_kind_speaks_for_a_part_and_every_part_has_one() {
        for kind in PersonalKind::ALL.iter().copied() {
            assert_eq!(Sensitive::of(kind).is_some(), kind.is_sensitive(), "{kind}");
        }
        for part in Sensitive::ALL.iter().copied() {
            assert!(PersonalKind::ALL.iter().any(|kind| Sensitive::of(*kind) == Some(part)), "{part}");
        }
    }
}
