//! Generated from schemas/*_schema.json by cargo xtask codegen; edit the schema instead.
//!
//! A checked newtype for every bounded scalar, list and map.

use super::types::*;
use crate::checked::*;

text! {
    /// A version of this protocol. 1..=16 code points.
    ProtocolVersion, TextLimits {
        minimum: 1, maximum: 16, not_blank: false,
        form: Form::Any,
    }
}

integer! {
    /// The host's GPU N that the worker must be. 0..=999. Unit: index.
    InitializeDeviceIndex: u32, IntegerLimits { minimum: 0, maximum: 999, multiple_of: 1 }
}

list! {
    /// Versions of the protocol that the sender has. 1..=16 items, each once.
    InitializeProtocolVersions: ProtocolVersion, ListLimits { minimum: 1, maximum: 16, unique: true }
}

list! {
    /// Features that the sender wants. 0..=8 items, each once.
    InitializeFeatures: FeatureName, ListLimits { minimum: 0, maximum: 8, unique: true }
}

number! {
    /// Time that the work in progress may take. ≥ 0, ≤ 3600. Unit: seconds.
    ShutdownGraceSeconds, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(3600.0) }
}

integer! {
    /// Memory to stay under. 1..=1048576. Unit: MiB.
    OptimizationPreferencesTargetVramUsageMb: u32, IntegerLimits { minimum: 1, maximum: 1048576, multiple_of: 1 }
}

number! {
    /// Time to stay under. ≥ 0.001, ≤ 86400. Unit: seconds.
    OptimizationPreferencesTargetTimeSeconds, NumberLimits { minimum: Edge::At(0.001), maximum: Edge::At(86400.0) }
}

text! {
    /// Name of the suite. Matches `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`.
    SuiteCommandSuiteName, TextLimits {
        minimum: 0, maximum: u64::MAX, not_blank: false,
        form: Form::Pieces("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", &[
            &[Piece::new("A-Za-z0-9", 1, 1), Piece::new("A-Za-z0-9._-", 0, 63)],
        ]),
    }
}

list! {
    /// Files or folders. 1..=256 items.
    ValidateModelFilesModelPaths: ModelName, ListLimits { minimum: 1, maximum: 256, unique: false }
}

text! {
    /// A suite name. Matches `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`.
    ValidateModelFilesSuite, TextLimits {
        minimum: 0, maximum: u64::MAX, not_blank: false,
        form: Form::Pieces("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", &[
            &[Piece::new("A-Za-z0-9", 1, 1), Piece::new("A-Za-z0-9._-", 0, 63)],
        ]),
    }
}

list! {
    /// The prompt submissions. 1..=64 items.
    BatchGenerateRequests: PromptSubmission, ListLimits { minimum: 1, maximum: 64, unique: false }
}

number! {
    /// For the whole batch; absent: 600 × requests. ≥ 1, ≤ 86400. Unit: seconds.
    BatchGenerateTimeoutSeconds, NumberLimits { minimum: Edge::At(1.0), maximum: Edge::At(86400.0) }
}

text! {
    /// A value. 0..=1024 code points.
    ListJobsTagsValue, TextLimits {
        minimum: 0, maximum: 1024, not_blank: false,
        form: Form::Any,
    }
}

map! {
    /// Only jobs whose `metadata.tags` have all of these, with these values; `tag.<name>=<value>` in a query. At most 32 entries.
    ListJobsTags: ListJobsTagsValue, MapLimits { maximum: 32 }
}

integer! {
    /// Most entries of the answer. 1..=1000. Unit: count.
    ListJobsLimit: u32, IntegerLimits { minimum: 1, maximum: 1000, multiple_of: 1 }
}

text! {
    /// `next_cursor` of the page before. What is newer than the first page never moves a later one. 1..=64 code points.
    ListJobsCursor, TextLimits {
        minimum: 1, maximum: 64, not_blank: false,
        form: Form::Any,
    }
}

text! {
    /// A request, session or training id: 1..128 characters, the first alphanumeric. Matches `^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$`.
    Id, TextLimits {
        minimum: 0, maximum: u64::MAX, not_blank: false,
        form: Form::Pieces("^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$", &[
            &[Piece::new("A-Za-z0-9", 1, 1), Piece::new("A-Za-z0-9._:-", 0, 127)],
        ]),
    }
}

text! {
    /// The name of an action, or an alias of one (schemas/registry.json). 1..=64 code points.
    Action, TextLimits {
        minimum: 1, maximum: 64, not_blank: false,
        form: Form::Any,
    }
}

text! {
    /// The name of a GPU: `gpu_N` is the host's GPU N in NVML (PCI bus) order; `cpu_0` is the processor. Matches `^(gpu_(0|[1-9][0-9]{0,2})|cpu_0)$`.
    GpuId, TextLimits {
        minimum: 0, maximum: u64::MAX, not_blank: false,
        form: Form::Pieces("^(gpu_(0|[1-9][0-9]{0,2})|cpu_0)$", &[
            &[Piece::new("g", 1, 1), Piece::new("p", 1, 1), Piece::new("u", 1, 1), Piece::new("_", 1, 1), Piece::new("0", 1, 1)],
            &[Piece::new("g", 1, 1), Piece::new("p", 1, 1), Piece::new("u", 1, 1), Piece::new("_", 1, 1), Piece::new("1-9", 1, 1), Piece::new("0-9", 0, 2)],
            &[Piece::new("c", 1, 1), Piece::new("p", 1, 1), Piece::new("u", 1, 1), Piece::new("_", 1, 1), Piece::new("0", 1, 1)],
        ]),
    }
}

integer! {
    /// Which try this is; written by the gateway, used in events and file names. 1..=1000. Unit: count.
    Attempt: u32, IntegerLimits { minimum: 1, maximum: 1000, multiple_of: 1 }
}

text! {
    /// RFC 3339, UTC, milliseconds, `Z`. Matches `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$`.
    Timestamp, TextLimits {
        minimum: 0, maximum: u64::MAX, not_blank: false,
        form: Form::Pieces("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$", &[
            &[Piece::new("0-9", 4, 4), Piece::new("-", 1, 1), Piece::new("0-9", 2, 2), Piece::new("-", 1, 1), Piece::new("0-9", 2, 2), Piece::new("T", 1, 1), Piece::new("0-9", 2, 2), Piece::new(":", 1, 1), Piece::new("0-9", 2, 2), Piece::new(":", 1, 1), Piece::new("0-9", 2, 2), Piece::new(".", 1, 1), Piece::new("0-9", 3, 3), Piece::new("Z", 1, 1)],
        ]),
    }
}

integer! {
    /// A number of things. 0..=9007199254740991. Unit: count.
    Count: u64, IntegerLimits { minimum: 0, maximum: 9007199254740991, multiple_of: 1 }
}

integer! {
    /// A size in bytes. 0..=9007199254740991. Unit: bytes.
    Bytes: u64, IntegerLimits { minimum: 0, maximum: 9007199254740991, multiple_of: 1 }
}

number! {
    /// A duration, measured. ≥ 0, ≤ 1000000000000. Unit: seconds.
    Seconds, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(1000000000000.0) }
}

number! {
    /// A size in units of 2^20 bytes. ≥ 0, ≤ 1000000000000. Unit: MiB.
    Mebibytes, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(1000000000000.0) }
}

number! {
    /// A share of the whole. ≥ 0, ≤ 1. Unit: 1.
    Ratio, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(1.0) }
}

text! {
    /// A registered model id, or a path under an allowed model root (`/`, `\` or `.safetensors` make it a path). 1..=512 code points.
    ModelName, TextLimits {
        minimum: 1, maximum: 512, not_blank: false,
        form: Form::Any,
    }
}

text! {
    /// A model id: given by a load, cache or suite command, by the configuration, or by a file's name directly under a model root. Matches `^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`.
    ModelId, TextLimits {
        minimum: 0, maximum: u64::MAX, not_blank: false,
        form: Form::Pieces("^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", &[
            &[Piece::new("A-Za-z0-9", 1, 1), Piece::new("A-Za-z0-9._-", 0, 127)],
        ]),
    }
}

text! {
    /// A path on the worker's host; relative ones resolve under the first allowed root that has them. 1..=4096 code points.
    Path, TextLimits {
        minimum: 1, maximum: 4096, not_blank: false,
        form: Form::Any,
    }
}

text! {
    /// Words for people. 0..=65536 code points.
    Text, TextLimits {
        minimum: 0, maximum: 65536, not_blank: false,
        form: Form::Any,
    }
}

text! {
    /// A name. 1..=512 code points.
    Name, TextLimits {
        minimum: 1, maximum: 512, not_blank: false,
        form: Form::Any,
    }
}

text! {
    /// SHA-256 of the bytes, in lower-case hex. Matches `^[0-9a-f]{64}$`.
    Sha256, TextLimits {
        minimum: 0, maximum: u64::MAX, not_blank: false,
        form: Form::Pieces("^[0-9a-f]{64}$", &[
            &[Piece::new("0-9a-f", 64, 64)],
        ]),
    }
}

text! {
    /// The place of a command in a trace (W3C Trace Context, version 00): `00-<trace id>-<parent id>-<flags>` in lower-case hex. Neither id is all zeros, which is what the alternatives of the pattern are for. Matches `^00-(?:[1-9a-f][0-9a-f]{31}|0[1-9a-f][0-9a-f]{30}|0{2}[1-9a-f][0-9a-f]{29}|0{3}[1-9a-f][0-9a-f]{28}|0{4}[1-9a-f][0-9a-f]{27}|0{5}[1-9a-f][0-9a-f]{26}|0{6}[1-9a-f][0-9a-f]{25}|0{7}[1-9a-f][0-9a-f]{24}|0{8}[1-9a-f][0-9a-f]{23}|0{9}[1-9a-f][0-9a-f]{22}|0{10}[1-9a-f][0-9a-f]{21}|0{11}[1-9a-f][0-9a-f]{20}|0{12}[1-9a-f][0-9a-f]{19}|0{13}[1-9a-f][0-9a-f]{18}|0{14}[1-9a-f][0-9a-f]{17}|0{15}[1-9a-f][0-9a-f]{16}|0{16}[1-9a-f][0-9a-f]{15}|0{17}[1-9a-f][0-9a-f]{14}|0{18}[1-9a-f][0-9a-f]{13}|0{19}[1-9a-f][0-9a-f]{12}|0{20}[1-9a-f][0-9a-f]{11}|0{21}[1-9a-f][0-9a-f]{10}|0{22}[1-9a-f][0-9a-f]{9}|0{23}[1-9a-f][0-9a-f]{8}|0{24}[1-9a-f][0-9a-f]{7}|0{25}[1-9a-f][0-9a-f]{6}|0{26}[1-9a-f][0-9a-f]{5}|0{27}[1-9a-f][0-9a-f]{4}|0{28}[1-9a-f][0-9a-f]{3}|0{29}[1-9a-f][0-9a-f]{2}|0{30}[1-9a-f][0-9a-f]|0{31}[1-9a-f])-(?:[1-9a-f][0-9a-f]{15}|0[1-9a-f][0-9a-f]{14}|0{2}[1-9a-f][0-9a-f]{13}|0{3}[1-9a-f][0-9a-f]{12}|0{4}[1-9a-f][0-9a-f]{11}|0{5}[1-9a-f][0-9a-f]{10}|0{6}[1-9a-f][0-9a-f]{9}|0{7}[1-9a-f][0-9a-f]{8}|0{8}[1-9a-f][0-9a-f]{7}|0{9}[1-9a-f][0-9a-f]{6}|0{10}[1-9a-f][0-9a-f]{5}|0{11}[1-9a-f][0-9a-f]{4}|0{12}[1-9a-f][0-9a-f]{3}|0{13}[1-9a-f][0-9a-f]{2}|0{14}[1-9a-f][0-9a-f]|0{15}[1-9a-f])-[0-9a-f]{2}$`.
    Traceparent, TextLimits {
        minimum: 0, maximum: u64::MAX, not_blank: false,
        form: {
            static REGEX: LazyRegex = LazyRegex::new(|| compile("^00-(?:[1-9a-f][0-9a-f]{31}|0[1-9a-f][0-9a-f]{30}|0{2}[1-9a-f][0-9a-f]{29}|0{3}[1-9a-f][0-9a-f]{28}|0{4}[1-9a-f][0-9a-f]{27}|0{5}[1-9a-f][0-9a-f]{26}|0{6}[1-9a-f][0-9a-f]{25}|0{7}[1-9a-f][0-9a-f]{24}|0{8}[1-9a-f][0-9a-f]{23}|0{9}[1-9a-f][0-9a-f]{22}|0{10}[1-9a-f][0-9a-f]{21}|0{11}[1-9a-f][0-9a-f]{20}|0{12}[1-9a-f][0-9a-f]{19}|0{13}[1-9a-f][0-9a-f]{18}|0{14}[1-9a-f][0-9a-f]{17}|0{15}[1-9a-f][0-9a-f]{16}|0{16}[1-9a-f][0-9a-f]{15}|0{17}[1-9a-f][0-9a-f]{14}|0{18}[1-9a-f][0-9a-f]{13}|0{19}[1-9a-f][0-9a-f]{12}|0{20}[1-9a-f][0-9a-f]{11}|0{21}[1-9a-f][0-9a-f]{10}|0{22}[1-9a-f][0-9a-f]{9}|0{23}[1-9a-f][0-9a-f]{8}|0{24}[1-9a-f][0-9a-f]{7}|0{25}[1-9a-f][0-9a-f]{6}|0{26}[1-9a-f][0-9a-f]{5}|0{27}[1-9a-f][0-9a-f]{4}|0{28}[1-9a-f][0-9a-f]{3}|0{29}[1-9a-f][0-9a-f]{2}|0{30}[1-9a-f][0-9a-f]|0{31}[1-9a-f])-(?:[1-9a-f][0-9a-f]{15}|0[1-9a-f][0-9a-f]{14}|0{2}[1-9a-f][0-9a-f]{13}|0{3}[1-9a-f][0-9a-f]{12}|0{4}[1-9a-f][0-9a-f]{11}|0{5}[1-9a-f][0-9a-f]{10}|0{6}[1-9a-f][0-9a-f]{9}|0{7}[1-9a-f][0-9a-f]{8}|0{8}[1-9a-f][0-9a-f]{7}|0{9}[1-9a-f][0-9a-f]{6}|0{10}[1-9a-f][0-9a-f]{5}|0{11}[1-9a-f][0-9a-f]{4}|0{12}[1-9a-f][0-9a-f]{3}|0{13}[1-9a-f][0-9a-f]{2}|0{14}[1-9a-f][0-9a-f]|0{15}[1-9a-f])-[0-9a-f]{2}$"));
            Form::Pattern("^00-(?:[1-9a-f][0-9a-f]{31}|0[1-9a-f][0-9a-f]{30}|0{2}[1-9a-f][0-9a-f]{29}|0{3}[1-9a-f][0-9a-f]{28}|0{4}[1-9a-f][0-9a-f]{27}|0{5}[1-9a-f][0-9a-f]{26}|0{6}[1-9a-f][0-9a-f]{25}|0{7}[1-9a-f][0-9a-f]{24}|0{8}[1-9a-f][0-9a-f]{23}|0{9}[1-9a-f][0-9a-f]{22}|0{10}[1-9a-f][0-9a-f]{21}|0{11}[1-9a-f][0-9a-f]{20}|0{12}[1-9a-f][0-9a-f]{19}|0{13}[1-9a-f][0-9a-f]{18}|0{14}[1-9a-f][0-9a-f]{17}|0{15}[1-9a-f][0-9a-f]{16}|0{16}[1-9a-f][0-9a-f]{15}|0{17}[1-9a-f][0-9a-f]{14}|0{18}[1-9a-f][0-9a-f]{13}|0{19}[1-9a-f][0-9a-f]{12}|0{20}[1-9a-f][0-9a-f]{11}|0{21}[1-9a-f][0-9a-f]{10}|0{22}[1-9a-f][0-9a-f]{9}|0{23}[1-9a-f][0-9a-f]{8}|0{24}[1-9a-f][0-9a-f]{7}|0{25}[1-9a-f][0-9a-f]{6}|0{26}[1-9a-f][0-9a-f]{5}|0{27}[1-9a-f][0-9a-f]{4}|0{28}[1-9a-f][0-9a-f]{3}|0{29}[1-9a-f][0-9a-f]{2}|0{30}[1-9a-f][0-9a-f]|0{31}[1-9a-f])-(?:[1-9a-f][0-9a-f]{15}|0[1-9a-f][0-9a-f]{14}|0{2}[1-9a-f][0-9a-f]{13}|0{3}[1-9a-f][0-9a-f]{12}|0{4}[1-9a-f][0-9a-f]{11}|0{5}[1-9a-f][0-9a-f]{10}|0{6}[1-9a-f][0-9a-f]{9}|0{7}[1-9a-f][0-9a-f]{8}|0{8}[1-9a-f][0-9a-f]{7}|0{9}[1-9a-f][0-9a-f]{6}|0{10}[1-9a-f][0-9a-f]{5}|0{11}[1-9a-f][0-9a-f]{4}|0{12}[1-9a-f][0-9a-f]{3}|0{13}[1-9a-f][0-9a-f]{2}|0{14}[1-9a-f][0-9a-f]|0{15}[1-9a-f])-[0-9a-f]{2}$", &REGEX)
        },
    }
}

text! {
    /// The header `traceparent` (W3C Trace Context), of this version or a later one. 1..=1024 code points.
    TraceparentHeader, TextLimits {
        minimum: 1, maximum: 1024, not_blank: false,
        form: Form::Any,
    }
}

text! {
    /// A path under an allowed input root, `upload:<id>`, or `data:image/...;base64,...`; never a URL that a worker would fetch. PNG, JPEG or WebP, at most 64 megapixels. 1..=16777216 code points.
    ImageRef, TextLimits {
        minimum: 1, maximum: 16777216, not_blank: false,
        form: Form::Any,
    }
}

text! {
    /// Preferences of RFC 7240, comma-separated; `respond-async` is the one that is known. 1..=1024 code points.
    Preference, TextLimits {
        minimum: 1, maximum: 1024, not_blank: false,
        form: Form::Any,
    }
}

text! {
    /// 1..255 visible ASCII characters that stand for one request. 1..=255 code points. Matches `^[!-~]+$`.
    IdempotencyKey, TextLimits {
        minimum: 1, maximum: 255, not_blank: false,
        form: Form::Pieces("^[!-~]+$", &[
            &[Piece::new("!-~", 1, u32::MAX)],
        ]),
    }
}

text! {
    /// RFC 6901, from the frame (stdio) or the body (HTTP), as the sender spelt it. 0..=4096 code points.
    Pointer, TextLimits {
        minimum: 0, maximum: 4096, not_blank: false,
        form: Form::Any,
    }
}

list! {
    /// The values allowed. 0..=256 items.
    FaultAllowed: Text, ListLimits { minimum: 0, maximum: 256, unique: false }
}

number! {
    /// The lower limit. ≥ -1000000000000000, ≤ 10000000000000000. Unit: as the value.
    FaultMinimum, NumberLimits { minimum: Edge::At(-1000000000000000.0), maximum: Edge::At(1e16) }
}

number! {
    /// The upper limit. ≥ -1000000000000000, ≤ 10000000000000000. Unit: as the value.
    FaultMaximum, NumberLimits { minimum: Edge::At(-1000000000000000.0), maximum: Edge::At(1e16) }
}

map! {
    /// Numbers and names of the case. At most 1024 entries.
    ErrorDetailsDetails: serde_json::Value, MapLimits { maximum: 1024 }
}

list! {
    /// One per fault, all at once; of more than a reply has room for, the first. 0..=100 items.
    ErrorDetailsErrors: Fault, ListLimits { minimum: 0, maximum: 100, unique: false }
}

list! {
    /// Sentences; of more than a reply has room for, the first. 0..=100 items.
    ReplyWarnings: Text, ListLimits { minimum: 0, maximum: 100, unique: false }
}

list! {
    /// One for each of `warnings`. 0..=100 items.
    ReplyWarningDetails: WarningDetail, ListLimits { minimum: 0, maximum: 100, unique: false }
}

map! {
    /// The action's reply: see the registry. At most 1024 entries.
    ReplyData: serde_json::Value, MapLimits { maximum: 1024 }
}

list! {
    /// Sentences; of more than a reply has room for, the first. 0..=100 items.
    ProblemWarnings: Text, ListLimits { minimum: 0, maximum: 100, unique: false }
}

list! {
    /// One for each of `warnings`. 0..=100 items.
    ProblemWarningDetails: WarningDetail, ListLimits { minimum: 0, maximum: 100, unique: false }
}

text! {
    /// The code as a URN. Matches `^urn:concord:error:[a-z_]+$`.
    ProblemType, TextLimits {
        minimum: 0, maximum: u64::MAX, not_blank: false,
        form: Form::Pieces("^urn:concord:error:[a-z_]+$", &[
            &[Piece::new("u", 1, 1), Piece::new("r", 1, 1), Piece::new("n", 1, 1), Piece::new(":", 1, 1), Piece::new("c", 1, 1), Piece::new("o", 1, 1), Piece::new("n", 1, 1), Piece::new("c", 1, 1), Piece::new("o", 1, 1), Piece::new("r", 1, 1), Piece::new("d", 1, 1), Piece::new(":", 1, 1), Piece::new("e", 1, 1), Piece::new("r", 1, 1), Piece::new("r", 1, 1), Piece::new("o", 1, 1), Piece::new("r", 1, 1), Piece::new(":", 1, 1), Piece::new("a-z_", 1, u32::MAX)],
        ]),
    }
}

integer! {
    /// The HTTP status. 400..=599. Unit: status.
    ProblemStatus: u32, IntegerLimits { minimum: 400, maximum: 599, multiple_of: 1 }
}

number! {
    /// Loss of the last step; absent before the first. ≥ 0, ≤ 1000000000000. Unit: 1.
    TrainingProgressEventLoss, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(1000000000000.0) }
}

text! {
    /// The content of the picture. Not blank; encoded in chunks of 75 tokens, never cut. 1..=8192 code points. Not blank.
    Prompt, TextLimits {
        minimum: 1, maximum: 8192, not_blank: true,
        form: Form::Any,
    }
}

text! {
    /// A further prompt; absent, null and "" mean none. 1..=8192 code points.
    OptionalPrompt, TextLimits {
        minimum: 1, maximum: 8192, not_blank: false,
        form: Form::Any,
    }
}

integer! {
    /// Denoising steps. 1..=150. Unit: steps.
    Steps: u32, IntegerLimits { minimum: 1, maximum: 150, multiple_of: 1 }
}

number! {
    /// Classifier-free guidance; 0..1 turns guidance off. ≥ 0, ≤ 50. Unit: 1.
    GuidanceScale, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(50.0) }
}

integer! {
    /// Seed of the noise; -1 means "choose one and tell me"; image i of a batch uses seed + i. -1..=9007199254740991. Unit: seed.
    Seed: i64, IntegerLimits { minimum: -1, maximum: 9007199254740991, multiple_of: 1 }
}

integer! {
    /// A side of the picture. 64..=4096, a multiple of 8. Unit: pixels.
    ImageSide: u32, IntegerLimits { minimum: 64, maximum: 4096, multiple_of: 8 }
}

integer! {
    /// Pictures of one job. 1..=16. Unit: images.
    BatchSize: u32, IntegerLimits { minimum: 1, maximum: 16, multiple_of: 1 }
}

text! {
    /// Device of the job: `auto`, `cpu`, or the host's GPU N as `cuda:N`. Matches `^(auto|cpu|cuda:(0|[1-9][0-9]{0,2}))$`.
    DeviceName, TextLimits {
        minimum: 0, maximum: u64::MAX, not_blank: false,
        form: Form::Pieces("^(auto|cpu|cuda:(0|[1-9][0-9]{0,2}))$", &[
            &[Piece::new("a", 1, 1), Piece::new("u", 1, 1), Piece::new("t", 1, 1), Piece::new("o", 1, 1)],
            &[Piece::new("c", 1, 1), Piece::new("p", 1, 1), Piece::new("u", 1, 1)],
            &[Piece::new("c", 1, 1), Piece::new("u", 1, 1), Piece::new("d", 1, 1), Piece::new("a", 1, 1), Piece::new(":", 1, 1), Piece::new("0", 1, 1)],
            &[Piece::new("c", 1, 1), Piece::new("u", 1, 1), Piece::new("d", 1, 1), Piece::new("a", 1, 1), Piece::new(":", 1, 1), Piece::new("1-9", 1, 1), Piece::new("0-9", 0, 2)],
        ]),
    }
}

number! {
    /// Share of the init image that is repainted; floor(steps·strength) must be at least 1. > 0, ≤ 1. Unit: 1.
    HyperparametersStrength, NumberLimits { minimum: Edge::Beyond(0.0), maximum: Edge::At(1.0) }
}

number! {
    /// Share of the steps after which the refiner takes over. > 0, < 1. Unit: 1.
    HyperparametersRefinerStart, NumberLimits { minimum: Edge::Beyond(0.0), maximum: Edge::Beyond(1.0) }
}

number! {
    /// Strength of its effect; 0 leaves it out. ≥ -2, ≤ 2. Unit: 1.
    LoraWeight, NumberLimits { minimum: Edge::At(-2.0), maximum: Edge::At(2.0) }
}

text! {
    /// A label for people: it stands in the effective request and in the picture's metadata, and changes no pixel. Matches `^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`.
    LoraAdapterName, TextLimits {
        minimum: 0, maximum: u64::MAX, not_blank: false,
        form: Form::Pieces("^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", &[
            &[Piece::new("A-Za-z0-9", 1, 1), Piece::new("A-Za-z0-9_-", 0, 63)],
        ]),
    }
}

number! {
    /// Strength of its effect; 0 leaves it out. ≥ 0, ≤ 2. Unit: 1.
    ControlNetWeight, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(2.0) }
}

number! {
    /// Share of the steps at which it begins to act; below `guidance_end`. ≥ 0, ≤ 1. Unit: 1.
    ControlNetGuidanceStart, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(1.0) }
}

number! {
    /// Share of the steps at which it stops acting. ≥ 0, ≤ 1. Unit: 1.
    ControlNetGuidanceEnd, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(1.0) }
}

text! {
    /// The word in the prompt that stands for it. 1..=128 code points.
    TextualInversionToken, TextLimits {
        minimum: 1, maximum: 128, not_blank: false,
        form: Form::Any,
    }
}

integer! {
    /// Last layers of the text encoders to leave out; the model at hand may allow fewer. 0..=12. Unit: layers.
    ConditioningClipSkip: u32, IntegerLimits { minimum: 0, maximum: 12, multiple_of: 1 }
}

list! {
    /// LoRAs, applied together. 0..=16 items.
    ConditioningLoras: Lora, ListLimits { minimum: 0, maximum: 16, unique: false }
}

list! {
    /// ControlNets, applied together. 0..=8 items.
    ConditioningControlNets: ControlNet, ListLimits { minimum: 0, maximum: 8, unique: false }
}

list! {
    /// Textual inversions. 0..=16 items.
    ConditioningTextualInversions: TextualInversion, ListLimits { minimum: 0, maximum: 16, unique: false }
}

integer! {
    /// Blur of the mask's edge. 0..=64. Unit: pixels.
    ConditioningMaskBlur: u32, IntegerLimits { minimum: 0, maximum: 64, multiple_of: 1 }
}

list! {
    /// Reference images (IP-Adapter); `unsupported_feature` where the worker has none. 0..=4 items.
    ConditioningReferenceImages: ImageRef, ListLimits { minimum: 0, maximum: 4, unique: false }
}

list! {
    /// Ways to save memory or time, each once; order has no meaning. 0..=8 items, each once.
    PerformanceOptimizations: Optimization, ListLimits { minimum: 0, maximum: 8, unique: true }
}

number! {
    /// Factor by which each side grows. ≥ 1, ≤ 8. Unit: 1.
    PostprocessingUpscaleFactor, NumberLimits { minimum: Edge::At(1.0), maximum: Edge::At(8.0) }
}

integer! {
    /// Quality of jpeg and webp files. 1..=100. Unit: percent.
    PostprocessingQuality: u32, IntegerLimits { minimum: 1, maximum: 100, multiple_of: 1 }
}

number! {
    /// From acceptance to reply, queue included. ≥ 1, ≤ 86400. Unit: seconds.
    MetadataTimeoutSeconds, NumberLimits { minimum: Edge::At(1.0), maximum: Edge::At(86400.0) }
}

text! {
    /// A value. 0..=1024 code points.
    MetadataTagsValue, TextLimits {
        minimum: 0, maximum: 1024, not_blank: false,
        form: Form::Any,
    }
}

map! {
    /// Words of the sender, kept with the job. At most 32 entries.
    MetadataTags: MetadataTagsValue, MapLimits { maximum: 32 }
}

list! {
    /// Features agreed. 0..=8 items, each once.
    InitializeResultFeatures: FeatureName, ListLimits { minimum: 0, maximum: 8, unique: true }
}

integer! {
    /// Process id. 1..=4194304. Unit: pid.
    InitializeResultPid: u32, IntegerLimits { minimum: 1, maximum: 4194304, multiple_of: 1 }
}

list! {
    /// Each worker's own status; only from a pool. 0..=64 items.
    WorkerStatusGpus: WorkerStatus, ListLimits { minimum: 0, maximum: 64, unique: false }
}

map! {
    /// text2img and the keys of `features_used`. At most 64 entries.
    WorkerCapabilitiesFeatures: bool, MapLimits { maximum: 64 }
}

list! {
    /// Samplers. 0..=64 items, each once.
    WorkerCapabilitiesSupportedSchedulers: SchedulerType, ListLimits { minimum: 0, maximum: 64, unique: true }
}

list! {
    /// Image formats. 0..=8 items, each once.
    WorkerCapabilitiesSupportedFormats: OutputFormat, ListLimits { minimum: 0, maximum: 8, unique: true }
}

list! {
    /// Optimizations. 0..=16 items, each once.
    WorkerCapabilitiesMemoryOptimizations: Optimization, ListLimits { minimum: 0, maximum: 16, unique: true }
}

list! {
    /// auto_contrast, safety_checker and the upscalers. 0..=64 items, each once.
    WorkerCapabilitiesPostprocessingOptions: Name, ListLimits { minimum: 0, maximum: 64, unique: true }
}

list! {
    /// Models loaded or cached. 0..=1024 items.
    WorkerCapabilitiesLoadedModels: ModelInfo, ListLimits { minimum: 0, maximum: 1024, unique: false }
}

list! {
    /// ControlNet types with a model here. 0..=32 items, each once.
    WorkerCapabilitiesControlNetTypes: ControlNetType, ListLimits { minimum: 0, maximum: 32, unique: true }
}

list! {
    /// Actions that it answers. 0..=128 items, each once.
    WorkerCapabilitiesActions: Action, ListLimits { minimum: 0, maximum: 128, unique: true }
}

list! {
    /// Number formats. 0..=8 items, each once.
    WorkerCapabilitiesDtypes: PrecisionName, ListLimits { minimum: 0, maximum: 8, unique: true }
}

list! {
    /// Each worker's own; only from a pool. 0..=64 items.
    WorkerCapabilitiesGpus: WorkerCapabilities, ListLimits { minimum: 0, maximum: 64, unique: false }
}

list! {
    /// Families of models that it runs. 0..=16 items, each once.
    WorkerCapabilitiesFamilies: ModelFamily, ListLimits { minimum: 0, maximum: 16, unique: true }
}

list! {
    /// The samplers. 0..=64 items.
    SchedulersSchedulers: SchedulerInfo, ListLimits { minimum: 0, maximum: 64, unique: false }
}

map! {
    /// Steps to begin with, by name. At most 64 entries.
    SchedulersDefaultSteps: Steps, MapLimits { maximum: 64 }
}

number! {
    /// Weight to begin with. ≥ 0, ≤ 2. Unit: 1.
    ControlNetTypeInfoRecommendedWeight, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(2.0) }
}

list! {
    /// Formats of the control image. 0..=8 items, each once.
    ControlNetTypeInfoSupportedFormats: OutputFormat, ListLimits { minimum: 0, maximum: 8, unique: true }
}

list! {
    /// The types. 0..=64 items.
    ControlNetTypesTypes: ControlNetTypeInfo, ListLimits { minimum: 0, maximum: 64, unique: false }
}

number! {
    /// Weight. ≥ 0, ≤ 2. Unit: 1.
    ControlNetTypesRecommendedWeightsValue, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(2.0) }
}

map! {
    /// Weights to begin with, by name. At most 64 entries.
    ControlNetTypesRecommendedWeights: ControlNetTypesRecommendedWeightsValue, MapLimits { maximum: 64 }
}

list! {
    /// Models loaded or cached. 0..=1024 items.
    ModelsModels: ModelInfo, ListLimits { minimum: 0, maximum: 1024, unique: false }
}

list! {
    /// Each worker's own; only from a pool. 0..=64 items.
    ModelsGpus: Models, ListLimits { minimum: 0, maximum: 64, unique: false }
}

list! {
    /// Each worker's own; only from a pool. 0..=64 items.
    PerformanceMetricsGpus: PerformanceMetrics, ListLimits { minimum: 0, maximum: 64, unique: false }
}

list! {
    /// Running and waiting jobs. 0..=100000 items.
    QueueStatusQueuedRequests: QueuedRequest, ListLimits { minimum: 0, maximum: 100000, unique: false }
}

number! {
    /// A number. ≥ 0, ≤ 1000000000000. Unit: 1.
    ValidationDetailsValue, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(1000000000000.0) }
}

map! {
    /// estimated_vram_mb, estimated_time_seconds, pixel_count, aspect_ratio. At most 64 entries.
    ValidationDetails: ValidationDetailsValue, MapLimits { maximum: 64 }
}

map! {
    /// A canonical document; stays snake in every dialect. At most 1024 entries.
    CanonicalDocument: serde_json::Value, MapLimits { maximum: 1024 }
}

list! {
    /// All faults; of more than a reply has room for, the first. 0..=100 items.
    ValidationReportErrors: Fault, ListLimits { minimum: 0, maximum: 100, unique: false }
}

list! {
    /// The reply's warnings again. 0..=100 items.
    ValidationReportWarnings: Text, ListLimits { minimum: 0, maximum: 100, unique: false }
}

integer! {
    /// Peak device memory. 0..=9007199254740991. Unit: MiB.
    PerformanceEstimateEstimatedVramUsageMb: u64, IntegerLimits { minimum: 0, maximum: 9007199254740991, multiple_of: 1 }
}

number! {
    /// A part. ≥ 0, ≤ 1000000000000. Unit: 1.
    PerformanceEstimateDetailedBreakdownValue, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(1000000000000.0) }
}

map! {
    /// Parts, in MiB or seconds as named. At most 64 entries.
    PerformanceEstimateDetailedBreakdown: PerformanceEstimateDetailedBreakdownValue, MapLimits { maximum: 64 }
}

text! {
    /// Pointer into the canonical document. Matches `^(/[^/]+)+$`.
    OptimizationChangePath, TextLimits {
        minimum: 0, maximum: u64::MAX, not_blank: false,
        form: {
            static REGEX: LazyRegex = LazyRegex::new(|| compile("^(/[^/]+)+$"));
            Form::Pattern("^(/[^/]+)+$", &REGEX)
        },
    }
}

list! {
    /// The changes and their reasons. 0..=64 items.
    OptimizationResultChanges: OptimizationChange, ListLimits { minimum: 0, maximum: 64, unique: false }
}

list! {
    /// Its parts. 1..=3 items.
    SuiteResultComponentResults: ComponentResult, ListLimits { minimum: 1, maximum: 3, unique: false }
}

list! {
    /// The models. 0..=1024 items.
    UnloadResultModelIds: ModelName, ListLimits { minimum: 0, maximum: 1024, unique: false }
}

list! {
    /// Number formats found. 0..=32 items, each once.
    FileResultDtypes: Name, ListLimits { minimum: 0, maximum: 32, unique: true }
}

list! {
    /// The problems found. 0..=4096 items.
    FileResultIssues: Text, ListLimits { minimum: 0, maximum: 4096, unique: false }
}

list! {
    /// In the order asked. 0..=256 items.
    FileResultsResults: FileResult, ListLimits { minimum: 0, maximum: 256, unique: false }
}

integer! {
    /// Width of the file. 1..=16383. Unit: pixels.
    ImageDetailWidth: u32, IntegerLimits { minimum: 1, maximum: 16383, multiple_of: 1 }
}

integer! {
    /// Height of the file. 1..=16383. Unit: pixels.
    ImageDetailHeight: u32, IntegerLimits { minimum: 1, maximum: 16383, multiple_of: 1 }
}

integer! {
    /// Its seed. 0..=9007199254740991. Unit: seed.
    ImageDetailSeed: u64, IntegerLimits { minimum: 0, maximum: 9007199254740991, multiple_of: 1 }
}

list! {
    /// Absolute paths of the pictures. 1..=64 items.
    SdxlResultImages: Path, ListLimits { minimum: 1, maximum: 64, unique: false }
}

list! {
    /// The same pictures, with what they are. 1..=64 items.
    SdxlResultImageDetails: ImageDetail, ListLimits { minimum: 1, maximum: 64, unique: false }
}

integer! {
    /// Seed of the first picture. 0..=9007199254740991. Unit: seed.
    SdxlResultSeedUsed: u64, IntegerLimits { minimum: 0, maximum: 9007199254740991, multiple_of: 1 }
}

map! {
    /// The features that were used. At most 64 entries.
    SdxlResultFeaturesUsed: bool, MapLimits { maximum: 64 }
}

list! {
    /// The reply's warnings again. 0..=100 items.
    SdxlResultWarnings: Text, ListLimits { minimum: 0, maximum: 100, unique: false }
}

list! {
    /// Absolute paths of the pictures. 1..=64 items.
    ImageResultImages: Path, ListLimits { minimum: 1, maximum: 64, unique: false }
}

list! {
    /// The same pictures, with what they are. 1..=64 items.
    ImageResultImageDetails: ImageDetail, ListLimits { minimum: 1, maximum: 64, unique: false }
}

integer! {
    /// Seed of the first picture. 0..=9007199254740991. Unit: seed.
    ImageResultSeedUsed: u64, IntegerLimits { minimum: 0, maximum: 9007199254740991, multiple_of: 1 }
}

map! {
    /// The features that were used. At most 64 entries.
    ImageResultFeaturesUsed: bool, MapLimits { maximum: 64 }
}

list! {
    /// The reply's warnings again. 0..=100 items.
    ImageResultWarnings: Text, ListLimits { minimum: 0, maximum: 100, unique: false }
}

integer! {
    /// Its seed. 0..=9007199254740991. Unit: seed.
    ImageResultSeed: u64, IntegerLimits { minimum: 0, maximum: 9007199254740991, multiple_of: 1 }
}

integer! {
    /// Its width. 1..=16383. Unit: pixels.
    ImageResultWidth: u32, IntegerLimits { minimum: 1, maximum: 16383, multiple_of: 1 }
}

integer! {
    /// Its height. 1..=16383. Unit: pixels.
    ImageResultHeight: u32, IntegerLimits { minimum: 1, maximum: 16383, multiple_of: 1 }
}

list! {
    /// Absolute paths of the pictures. 1..=64 items.
    StructuredResultImages: Path, ListLimits { minimum: 1, maximum: 64, unique: false }
}

list! {
    /// The same pictures, with what they are. 1..=64 items.
    StructuredResultImageDetails: ImageDetail, ListLimits { minimum: 1, maximum: 64, unique: false }
}

integer! {
    /// Seed of the first picture. 0..=9007199254740991. Unit: seed.
    StructuredResultSeedUsed: u64, IntegerLimits { minimum: 0, maximum: 9007199254740991, multiple_of: 1 }
}

map! {
    /// The features that were used. At most 64 entries.
    StructuredResultFeaturesUsed: bool, MapLimits { maximum: 64 }
}

list! {
    /// The reply's warnings again. 0..=100 items.
    StructuredResultWarnings: Text, ListLimits { minimum: 0, maximum: 100, unique: false }
}

list! {
    /// In the order of the requests. 1..=64 items.
    BatchResultResults: BatchItem, ListLimits { minimum: 1, maximum: 64, unique: false }
}

list! {
    /// The rows. 0..=1000000 items.
    TrainingHistoryRows: TrainingHistoryRow, ListLimits { minimum: 0, maximum: 1000000, unique: false }
}

list! {
    /// The checks. 0..=1000 items.
    SelfTestReportChecks: SelfTestCheck, ListLimits { minimum: 0, maximum: 1000, unique: false }
}

list! {
    /// The reasons. 0..=4096 items.
    BestGpuReasons: Text, ListLimits { minimum: 0, maximum: 4096, unique: false }
}

list! {
    /// The reasons. 0..=4096 items.
    GpuReadinessReasons: Text, ListLimits { minimum: 0, maximum: 4096, unique: false }
}

number! {
    /// Share ready. ≥ 0, ≤ 100. Unit: percent.
    SdxlReadinessReadinessPercent, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(100.0) }
}

list! {
    /// Each GPU. 0..=64 items.
    SdxlReadinessGpus: GpuReadiness, ListLimits { minimum: 0, maximum: 64, unique: false }
}

list! {
    /// The moves. 0..=10000 items.
    BalanceResultMoves: BalanceMove, ListLimits { minimum: 0, maximum: 10000, unique: false }
}

map! {
    /// The reply's data. At most 1024 entries.
    JobResult: serde_json::Value, MapLimits { maximum: 1024 }
}

list! {
    /// Its pictures, in the order of `image_details`. 0..=1024 items.
    JobUrlsImages: Path, ListLimits { minimum: 0, maximum: 1024, unique: false }
}

list! {
    /// Newest first. 0..=1000 items.
    JobsJobs: Job, ListLimits { minimum: 0, maximum: 1000, unique: false }
}

text! {
    /// `cursor` of the next page; absent on the last. 1..=64 code points.
    JobsNextCursor, TextLimits {
        minimum: 1, maximum: 64, not_blank: false,
        form: Form::Any,
    }
}

list! {
    /// Newest first. 0..=100000 items.
    SessionsSessions: Job, ListLimits { minimum: 0, maximum: 100000, unique: false }
}

text! {
    /// Its UUID. 1..=128 code points.
    DeviceInfoUuid, TextLimits {
        minimum: 1, maximum: 128, not_blank: false,
        form: Form::Any,
    }
}

list! {
    /// Families of models that its worker runs; absent if no worker has reported them. 0..=16 items, each once.
    DeviceInfoFamilies: ModelFamily, ListLimits { minimum: 0, maximum: 16, unique: true }
}

list! {
    /// The devices. 0..=64 items.
    DevicesDevices: DeviceInfo, ListLimits { minimum: 0, maximum: 64, unique: false }
}

list! {
    /// Cached models. 0..=1024 items.
    CacheStatusModels: ModelInfo, ListLimits { minimum: 0, maximum: 1024, unique: false }
}

integer! {
    /// Width. 1..=65535. Unit: pixels.
    UploadWidth: u32, IntegerLimits { minimum: 1, maximum: 65535, multiple_of: 1 }
}

integer! {
    /// Height. 1..=65535. Unit: pixels.
    UploadHeight: u32, IntegerLimits { minimum: 1, maximum: 65535, multiple_of: 1 }
}

list! {
    /// Each GPU. 0..=64 items.
    ReadinessGpus: GpuHealth, ListLimits { minimum: 0, maximum: 64, unique: false }
}

text! {
    /// A family of models: what a base, its LoRAs and its embeddings must share. `sdxl` today; a reader takes others too. Matches `^[a-z][a-z0-9_]{0,31}$`.
    ModelFamily, TextLimits {
        minimum: 0, maximum: u64::MAX, not_blank: false,
        form: Form::Pieces("^[a-z][a-z0-9_]{0,31}$", &[
            &[Piece::new("a-z", 1, 1), Piece::new("a-z0-9_", 0, 31)],
        ]),
    }
}

number! {
    /// Learning rate; default 1e-4 (LoRA), 5e-6 (DreamBooth), 5e-4 (Textual Inversion). ≥ 0.0000001, ≤ 1. Unit: 1.
    TrainingHyperparametersLearningRate, NumberLimits { minimum: Edge::At(1e-7), maximum: Edge::At(1.0) }
}

integer! {
    /// Pictures a step. 1..=64. Unit: images.
    TrainingHyperparametersBatchSize: u32, IntegerLimits { minimum: 1, maximum: 64, multiple_of: 1 }
}

integer! {
    /// Rounds over the data; not with `max_steps`. 1..=1000. Unit: epochs.
    TrainingHyperparametersEpochs: u32, IntegerLimits { minimum: 1, maximum: 1000, multiple_of: 1 }
}

integer! {
    /// Optimiser steps; not with `epochs`. 1..=1000000. Unit: steps.
    TrainingHyperparametersMaxSteps: u32, IntegerLimits { minimum: 1, maximum: 1000000, multiple_of: 1 }
}

integer! {
    /// Side of the training pictures. 64..=2048, a multiple of 8. Unit: pixels.
    TrainingHyperparametersResolution: u32, IntegerLimits { minimum: 64, maximum: 2048, multiple_of: 8 }
}

integer! {
    /// Rank of the LoRA. 1..=256. Unit: count.
    TrainingHyperparametersRank: u32, IntegerLimits { minimum: 1, maximum: 256, multiple_of: 1 }
}

number! {
    /// Alpha of the LoRA. > 0, ≤ 1024. Unit: 1.
    TrainingHyperparametersAlpha, NumberLimits { minimum: Edge::Beyond(0.0), maximum: Edge::At(1024.0) }
}

integer! {
    /// Batches an optimiser step. 1..=64. Unit: count.
    TrainingHyperparametersGradientAccumulation: u32, IntegerLimits { minimum: 1, maximum: 64, multiple_of: 1 }
}

integer! {
    /// Optimiser steps between checkpoints. 1..=1000000. Unit: steps.
    TrainingHyperparametersCheckpointEvery: u32, IntegerLimits { minimum: 1, maximum: 1000000, multiple_of: 1 }
}

text! {
    /// The prompt of the subject (DreamBooth). 1..=8192 code points.
    TrainingJobInstancePrompt, TextLimits {
        minimum: 1, maximum: 8192, not_blank: false,
        form: Form::Any,
    }
}

text! {
    /// The new word (Textual Inversion). 1..=128 code points.
    TrainingJobPlaceholderToken, TextLimits {
        minimum: 1, maximum: 128, not_blank: false,
        form: Form::Any,
    }
}

text! {
    /// The word that it starts from (Textual Inversion). 1..=128 code points.
    TrainingJobInitializerToken, TextLimits {
        minimum: 1, maximum: 128, not_blank: false,
        form: Form::Any,
    }
}

text! {
    /// A prompt to draw while training. 1..=8192 code points.
    TrainingJobValidationPrompt, TextLimits {
        minimum: 1, maximum: 8192, not_blank: false,
        form: Form::Any,
    }
}

integer! {
    /// Optimiser steps between validation pictures. 1..=1000000. Unit: steps.
    TrainingJobValidationEvery: u32, IntegerLimits { minimum: 1, maximum: 1000000, multiple_of: 1 }
}

number! {
    /// Loss of the last step; absent before the first. ≥ 0, ≤ 1000000000000. Unit: 1.
    TrainingStatusLoss, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(1000000000000.0) }
}

number! {
    /// Learning rate of the last step. ≥ 0, ≤ 1. Unit: 1.
    TrainingStatusLearningRate, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(1.0) }
}

number! {
    /// Loss. ≥ 0, ≤ 1000000000000. Unit: 1.
    TrainingHistoryRowLoss, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(1000000000000.0) }
}

number! {
    /// Learning rate. ≥ 0, ≤ 1. Unit: 1.
    TrainingHistoryRowLearningRate, NumberLimits { minimum: Edge::At(0.0), maximum: Edge::At(1.0) }
}

list! {
    /// Pictures drawn at this step. 0..=64 items.
    TrainingHistoryRowValidationImages: Path, ListLimits { minimum: 0, maximum: 64, unique: false }
}
