//! Where training data comes from, and what is known of it before anything is trained (GB/T 45654-2025, 5.1).

crate::words! {
    /// How data came to be here; what must be shown of it depends on it (GB/T 45654-2025, 5.1 c).
    SourceKind, "kind of source (open, self-collected, commercial or user-input)", {
        Open = "open", "开源数据", "open data";
        SelfCollected = "self-collected", "自采数据", "data collected by oneself; data reached through links among it";
        Commercial = "commercial", "商业数据", "data that was bought";
        UserInput = "user-input", "用户输入", "what users of the service wrote";
    }
}

crate::words! {
    /// On which side of the border data came to be (GB/T 45654-2025, 5.1 b).
    Origin, "origin (domestic or foreign)", {
        Domestic = "domestic", "境内", "domestic";
        Foreign = "foreign", "境外", "foreign";
    }
}

crate::words! {
    /// Grade of data (GB/T 43697-2024): core, important, or one of four general ones, of which 4 is the gravest.
    Grade, "grade (core, important, general-4 to general-1)", {
        Core = "core", "核心数据", "core data";
        Important = "important", "重要数据", "important data";
        General4 = "general-4", "一般数据 4 级", "general data, grade 4";
        General3 = "general-3", "一般数据 3 级", "general data, grade 3";
        General2 = "general-2", "一般数据 2 级", "general data, grade 2";
        General1 = "general-1", "一般数据 1 级", "general data, grade 1";
    }
}

crate::words! {
    /// What personal information in data rests on (PIPL 13).
    ConsentBasis, "basis (consent, contract, public or none)", {
        Consent = "consent", "个人同意", "the persons agreed";
        Contract = "contract", "订立、履行合同所必需", "a contract with the persons needs it";
        Public = "public", "已合法公开", "it was lawfully public already";
        None = "none", "不含个人信息", "there is none in it";
    }
}

crate::words! {
    /// What a document of a source shows.
    DocumentKind, "kind of document", {
        Licence = "licence", "许可协议", "licence";
        Authorisation = "authorisation", "授权文件", "authorisation";
        Contract = "contract", "交易合同或合作协议", "contract";
        Commitment = "commitment", "承诺与证明材料", "commitment of the seller, with its evidence";
        Review = "review", "审核材料", "minutes of a review";
        CollectionRecord = "collection-record", "采集记录", "record of the collection";
        Robots = "robots", "robots 协议文件", "robots.txt of the sites";
        CrawlManifest = "crawl-manifest", "抓取清单", "list of what was fetched";
        ConsentRecord = "consent-record", "用户授权记录", "record of the users' consent";
        Other = "other", "其他", "other";
    }
}

crate::words! {
    /// How a source stands.
    SourceState, "state of a source (registered, accepted, refused or blocked)", {
        Registered = "registered", "已登记", "it is known, and nothing else";
        Accepted = "accepted", "已通过评估", "its last assessment was accepted";
        Refused = "refused", "审核未通过", "its review refused it";
        Blocked = "blocked", "已列入黑名单", "it is on the blacklist";
    }
}

crate::words! {
    /// When a source is assessed (GB/T 45654-2025, 5.1 a).
    AssessmentPhase, "phase (before or after)", {
        Before = "before", "采集前评估", "before it is collected";
        After = "after", "采集后核验", "after it was collected";
    }
}

crate::words! {
    /// What came of it.
    AssessmentOutcome, "outcome (accepted, refused or larger-sample)", {
        Accepted = "accepted", "通过", "the whole interval is within the limit";
        Refused = "refused", "不通过", "the whole interval is above the limit";
        LargerSample = "larger-sample", "需扩大样本", "the interval straddles the limit: a larger sample is wanted";
    }
}

crate::words! {
    /// How far a consent goes (PIPL 29: sensitive personal information needs a separate one).
    ConsentScope, "scope (general or sensitive)", {
        General = "general", "一般同意", "personal information";
        Sensitive = "sensitive", "单独同意（敏感个人信息）", "sensitive personal information, by separate consent";
    }
}
