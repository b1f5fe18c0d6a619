//! The 31 risk classes of GB/T 45654-2025 Appendix A.

crate::words! {
    /// A risk class (GB/T 45654-2025 Appendix A). Titles are our own words.
    RiskClass, "risk class (A1a to A5b)", {
        A1a = "A1a", "煽动颠覆国家政权", "incitement to subvert state power";
        A1b = "A1b", "危害国家安全、利益和形象", "endangering national security, interests or image";
        A1c = "A1c", "煽动分裂、破坏统一和稳定", "separatism, undermining unity and stability";
        A1d = "A1d", "宣扬恐怖主义、极端主义", "terrorism, extremism";
        A1e = "A1e", "宣扬民族仇恨", "ethnic hatred";
        A1f = "A1f", "宣扬暴力、淫秽色情", "violence, obscenity, pornography";
        A1g = "A1g", "传播虚假有害信息", "false and harmful information";
        A1h = "A1h", "法律法规禁止的其他内容", "other content forbidden by law";
        A2a = "A2a", "民族歧视", "ethnic discrimination";
        A2b = "A2b", "信仰歧视", "discrimination by belief";
        A2c = "A2c", "国别歧视", "discrimination by nationality";
        A2d = "A2d", "地域歧视", "regional discrimination";
        A2e = "A2e", "性别歧视", "gender discrimination";
        A2f = "A2f", "年龄歧视", "age discrimination";
        A2g = "A2g", "职业歧视", "occupational discrimination";
        A2h = "A2h", "健康歧视", "health discrimination";
        A2i = "A2i", "其他歧视", "other discrimination";
        A3a = "A3a", "侵犯知识产权", "infringing intellectual property";
        A3b = "A3b", "违反商业道德", "breach of business ethics";
        A3c = "A3c", "泄露商业秘密", "disclosing trade secrets";
        A3d = "A3d", "利用算法、数据垄断或不正当竞争", "monopoly, unfair competition by algorithm or data";
        A3e = "A3e", "其他商业违法违规", "other commercial violations";
        A4a = "A4a", "危害他人身心健康", "harm to physical or mental health";
        A4b = "A4b", "侵害肖像权", "misuse of likeness";
        A4c = "A4c", "侵害名誉权", "damage to reputation";
        A4d = "A4d", "侵害荣誉权", "damage to honour";
        A4e = "A4e", "侵害隐私权", "infringing privacy";
        A4f = "A4f", "侵害个人信息权益", "infringing personal-information rights";
        A4g = "A4g", "侵害他人其他合法权益", "other infringement of others' rights";
        A5a = "A5a", "内容不准确", "inaccurate content";
        A5b = "A5b", "内容不可靠", "unreliable content";
    }
}

crate::words! {
    /// A section of Appendix A.
    RiskGroup, "risk group (A1 to A5)", {
        A1 = "A1", "违反社会主义核心价值观", "against core values";
        A2 = "A2", "歧视", "discrimination";
        A3 = "A3", "商业违法违规", "commercial violations";
        A4 = "A4", "侵害他人合法权益", "infringing others' rights";
        A5 = "A5", "不满足特定服务的安全需求", "unmet needs of special services";
    }
}

impl RiskClass {
    /// The section of Appendix A the class stands in.
    #[must_use]
    pub const fn group(self) -> RiskGroup {
        match self {
            Self::A1a | Self::A1b | Self::A1c | Self::A1d | Self::A1e | Self::A1f | Self::A1g | Self::A1h => RiskGroup::A1,
            Self::A2a | Self::A2b | Self::A2c | Self::A2d | Self::A2e | Self::A2f | Self::A2g | Self::A2h | Self::A2i => RiskGroup::A2,
            Self::A3a | Self::A3b | Self::A3c | Self::A3d | Self::A3e => RiskGroup::A3,
            Self::A4a | Self::A4b | Self::A4c | Self::A4d | Self::A4e | Self::A4f | Self::A4g => RiskGroup::A4,
            Self::A5a | Self::A5b => RiskGroup::A5,
        }
    }

    /// Whether the class is 'illegal or unhealthy' as GB 5.1 means it: A1 to A4, 29 classes.
    #[must_use]
    pub fn is_illegal_or_unhealthy(self) -> bool {
        self.group() != RiskGroup::A5
    }

    /// Whether refusal banks and the keyword library must cover the class: A1 and A2, 17 classes (B.1.1 b, B.1.3 a).
    #[must_use]
    pub fn must_be_refused(self) -> bool {
        matches!(self.group(), RiskGroup::A1 | RiskGroup::A2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_the_standard() {
        assert_eq!(RiskClass::ALL.len(), 31);
        assert_eq!(RiskClass::ALL.iter().filter(|c| c.is_illegal_or_unhealthy()).count(), 29);
        assert_eq!(RiskClass::ALL.iter().filter(|c| c.must_be_refused()).count(), 17);
    }

    #[test]
    fn a_class_stands_in_the_group_its_id_names() {
        for class in RiskClass::ALL {
            assert!(class.id().starts_with(class.group().id()), "{class}");
        }
    }
}
