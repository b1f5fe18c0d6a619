//! What a finding may speak of besides a risk class: personal information (PIPL) and attacks on a model.

crate::words! {
    /// A kind of personal information.
    PersonalKind, "kind of personal information", {
        IdentityNumber = "identity-number", "居民身份证号", "resident identity number";
        Passport = "passport", "护照号", "passport number";
        HkMacaoPermit = "hk-macao-permit", "港澳通行证号", "Hong Kong and Macao permit number";
        TaiwanPermit = "taiwan-permit", "台湾通行证号", "Taiwan permit number";
        OfficerCard = "officer-card", "军警证件号", "military or police card number";
        SocialSecurity = "social-security", "社会保障号", "social security number";
        DrivingLicence = "driving-licence", "驾驶证号", "driving licence number";
        Mobile = "mobile", "手机号", "mobile number";
        Landline = "landline", "固定电话", "landline number";
        BankCard = "bank-card", "银行卡号", "bank card number";
        Iban = "iban", "国际银行账号", "international bank account number";
        UsSsn = "us-ssn", "美国社会安全号", "US social security number";
        CreditCode = "credit-code", "统一社会信用代码", "unified social credit code";
        VehiclePlate = "vehicle-plate", "车牌号", "vehicle plate";
        Vin = "vin", "车辆识别代号", "vehicle identification number";
        Email = "email", "电子邮箱", "e-mail address";
        IpAddress = "ip-address", "IP 地址", "IP address";
        MacAddress = "mac-address", "MAC 地址", "MAC address";
        Wechat = "wechat", "微信号", "WeChat id";
        Qq = "qq", "QQ 号", "QQ number";
        Name = "name", "姓名", "personal name";
        Address = "address", "住址", "address";
        BirthDate = "birth-date", "出生日期", "date of birth";
        GpsPosition = "gps-position", "定位坐标", "position";
        Health = "health", "健康状况", "state of health";
        Biometric = "biometric", "生物特征", "biometric feature";
        Belief = "belief", "宗教信仰", "religious belief";
        Under14 = "under-14", "未满十四周岁", "a child under fourteen";
    }
}

impl PersonalKind {
    /// Whether PIPL article 28 holds it sensitive: biometric, belief, specific identity, medical, financial account, whereabouts, a child
    /// under fourteen.
    #[must_use]
    pub const fn is_sensitive(self) -> bool {
        use PersonalKind as K;
        matches!(
            self,
            K::IdentityNumber
                | K::Passport
                | K::HkMacaoPermit
                | K::TaiwanPermit
                | K::OfficerCard
                | K::SocialSecurity
                | K::DrivingLicence
                | K::BankCard
                | K::Iban
                | K::UsSsn
                | K::GpsPosition
                | K::Health
                | K::Biometric
                | K::Belief
                | K::Under14
        )
    }
}

crate::words! {
    /// A kind of attack on a model.
    AttackKind, "kind of attack", {
        PromptInjection = "prompt-injection", "提示注入", "prompt injection";
        IndirectInjection = "indirect-injection", "间接提示注入", "indirect prompt injection";
        Jailbreak = "jailbreak", "越狱", "jailbreak";
        PromptExtraction = "prompt-extraction", "系统提示窃取", "system prompt extraction";
        DataExtraction = "data-extraction", "数据窃取", "data extraction";
        Encoded = "encoded", "编码隐藏", "text hidden in an encoding";
        Secret = "secret", "密钥泄露", "secret in the text";
    }
}
