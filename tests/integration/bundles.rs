//! Broken and lying bundles are refused, each with its reason, before anything is compiled.

use sextant::bundle::{Bundle, Content, pack};
use sextant::limits::Limits;
use sextant_tests::{bundle, repack};

fn limits() -> Limits {
    Limits::default()
}

fn good() -> Bundle {
    Bundle::from_bytes(&bundle("hostile"), &limits()).expect("it is a bundle")
}

fn refusal(bytes: &[u8]) -> String {
    let error = Bundle::from_bytes(bytes, &limits()).expect_err("it is refused");
    format!("{error} / {}", error.hint().unwrap_or_default())
}

/// The entries of a bundle, as a tar archive that nobody checked.
fn archive(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // `append_data` would refuse the names that are tried here.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        archive
            .append(&header, bytes.as_slice())
            .expect("it can be written");
    }
    archive.into_inner().expect("it can be written")
}

fn entries() -> Vec<(&'static str, Vec<u8>)> {
    let good = good();
    let entry = |name: &'static str| (name, good.entry(name).expect("it is there").to_vec());
    vec![
        entry("checksums.txt"),
        entry("manifest.toml"),
        entry("plugin.wasm"),
        entry("README.md"),
        entry("sbom.cdx.json"),
    ]
}

fn replace(name: &str, bytes: Vec<u8>) -> Vec<u8> {
    let mut entries = entries();
    for entry in &mut entries {
        if entry.0 == name {
            entry.1.clone_from(&bytes);
        }
    }
    archive(&entries)
}

fn with_manifest(manifest: &str) -> Result<Vec<u8>, String> {
    let content = Content {
        manifest: manifest.to_owned(),
        component: good().component().to_vec(),
        ..Content::default()
    };
    pack(&content, &limits())
        .map(|(bytes, _)| bytes)
        .map_err(|error| format!("{error} / {}", error.hint().unwrap_or_default()))
}

#[test]
fn packing_is_deterministic_and_the_identity_is_the_checksums() {
    let first = repack(&good(), good().component().to_vec());
    let second = repack(&good(), good().component().to_vec());
    assert_eq!(first, second);
    let mut signed = entries();
    signed.push(("signatures/site.minisig", b"a signature".to_vec()));
    let signed =
        Bundle::from_bytes(&archive(&signed), &limits()).expect("a signature does no harm");
    assert_eq!(signed.digest(), good().digest());
}

#[test]
fn archives_that_are_not_bundles() {
    let mut truncated = bundle("hostile");
    truncated.truncate(truncated.len() / 2);
    assert!(
        refusal(b"").contains("there is no checksums.txt"),
        "{}",
        refusal(b"")
    );
    assert!(refusal(&[0xff; 2_000]).contains("not a tar archive"));
    let half = refusal(&truncated);
    assert!(
        half.contains("tar archive") || half.contains("ends within"),
        "{half}"
    );
    for odd in [
        "../escape",
        "/etc/passwd",
        "plugin.so",
        "examples/../x",
        "examples/.hidden",
        "examples/a/b",
        "README.md/",
    ] {
        let mut entries = entries();
        entries.push((odd, b"x".to_vec()));
        let refused = refusal(&archive(&entries));
        assert!(
            refused.contains("does not belong into a bundle"),
            "{odd}: {refused}"
        );
    }
    let mut twice = entries();
    twice.push(twice[1].clone());
    assert!(refusal(&archive(&twice)).contains("two entries manifest.toml"));
    let mut longer = bundle("hostile");
    longer.extend_from_slice(&[0; 512]);
    Bundle::from_bytes(&longer, &limits()).expect("padding says nothing");
    longer.extend_from_slice(b"more");
    assert!(refusal(&longer).contains("something after its last entry"));
    let mut unlisted = entries();
    unlisted.push(("LICENSE", b"x".to_vec()));
    assert!(refusal(&archive(&unlisted)).contains("LICENSE is not listed"));
    let missing: Vec<_> = entries()
        .into_iter()
        .filter(|(name, _)| *name != "sbom.cdx.json")
        .collect();
    assert!(refusal(&archive(&missing)).contains("lists sbom.cdx.json, which is not there"));
    let refused = refusal(&replace("sbom.cdx.json", b"{}".to_vec()));
    assert!(
        refused.contains("sbom.cdx.json is not what checksums.txt says"),
        "{refused}"
    );
}

#[test]
fn links_and_bombs() {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    header.set_path("manifest.toml").expect("it is a path");
    header.set_link_name("/etc/passwd").expect("it is a path");
    header.set_cksum();
    archive
        .append(&header, std::io::empty())
        .expect("it can be written");
    assert!(refusal(&archive.into_inner().expect("it can be written")).contains("does not belong"));

    let small = Limits {
        bundle_entry_bytes_max: 10,
        ..limits()
    };
    let error = Bundle::from_bytes(&bundle("hostile"), &small).expect_err("it is too large");
    assert!(
        error.is_limit() && error.to_string().contains("the limit is 10"),
        "{error}"
    );
    let small = Limits {
        component_bytes_max: 10,
        ..limits()
    };
    assert!(
        Bundle::from_bytes(&bundle("hostile"), &small)
            .expect_err("it is too large")
            .is_limit()
    );

    // A header that claims far more than there is.
    let mut header = tar::Header::new_ustar();
    header.set_path("plugin.wasm").expect("it is a path");
    header.set_size(10 << 20);
    header.set_cksum();
    let refused = refusal(header.as_bytes());
    assert!(
        refused.contains("tar archive") || refused.contains("ends within"),
        "{refused}"
    );
}

#[test]
fn manifests_that_are_wrong() {
    let cases = [
        ("", "missing field `plugin`"),
        (
            "[plugin]\nname = \"Hostile\"\nversion = \"0.1.0\"",
            "is not a lower-case letter",
        ),
        (
            "[plugin]\nname = \"hоstile\"\nversion = \"0.1.0\"",
            "is not a lower-case letter",
        ),
        (
            "[plugin]\nname = \"hostile\"\nversion = \"one\"",
            "unexpected character",
        ),
        (
            "[plugin]\nname = \"hostile\"\nversion = \"0.1.0\"\nroot = true",
            "unknown field `root`",
        ),
        (
            "[plugin]\nname = \"hostile\"\nversion = \"0.1.0\"\n[capabilities]\nimports = [\"disk\"]",
            "unknown variant `disk`",
        ),
        (
            "[plugin]\nname = \"hostile\"\nversion = \"0.1.0\"",
            "imports sextant:plugin/input@0.1.0, which its manifest does not declare",
        ),
    ];
    for (manifest, expected) in cases {
        let refused = with_manifest(manifest).expect_err(manifest);
        assert!(refused.contains(expected), "{manifest}: {refused}");
    }
}

#[test]
fn components_that_are_not_plugins() {
    let cases: [(&[u8], &str); 5] = [
        (b"", "is not WebAssembly"),
        (b"\x7fELF\x02\x01\x01", "native or precompiled file"),
        (
            b"\0asm\x01\0\0\0",
            "a core module, not a component / compile it for wasm32-wasip2",
        ),
        (
            b"\0asm\x0d\0\x01\0",
            "exports neither sextant:plugin/source@0.1.0",
        ),
        (b"\0asm\x0d\0\x01\0\xff\xff\xff", "broken at byte"),
    ];
    for (component, expected) in cases {
        let content = Content {
            manifest: "[plugin]\nname = \"odd\"\nversion = \"0.1.0\"\n".to_owned(),
            component: component.to_vec(),
            ..Content::default()
        };
        let error = pack(&content, &limits()).expect_err("it is refused");
        let refused = format!("{error} / {}", error.hint().unwrap_or_default());
        assert!(refused.contains(expected), "{component:?}: {refused}");
    }
}

/// The names of interfaces carry the version, so another one is seen without compiling.
#[test]
fn other_versions_of_the_contract() {
    for (version, hint) in [
        ("0.9.0", "update this host"),
        ("0.0.1", "build the plugin again"),
    ] {
        let text = String::from_utf8_lossy(b"@0.1.0").into_owned();
        let mut component = good().component().to_vec();
        let name = format!("sextant:plugin/functions{text}");
        let places: Vec<_> = component
            .windows(name.len())
            .enumerate()
            .filter(|(_, bytes)| *bytes == name.as_bytes())
            .map(|(i, _)| i)
            .collect();
        assert!(!places.is_empty());
        for place in places {
            let at = place + name.len() - version.len();
            component[at..at + version.len()].copy_from_slice(version.as_bytes());
        }
        let manifest = "[plugin]\nname = \"hostile\"\nversion = \"0.1.0\"\n[capabilities]\nimports = [\"input\"]\n";
        let content = Content {
            manifest: manifest.to_owned(),
            component,
            ..Content::default()
        };
        let error = pack(&content, &limits()).expect_err("it is refused");
        assert!(error.is_contract(), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!("the component speaks contract {version}, this host speaks 0.1.0")
        );
        assert!(
            error.hint().is_some_and(|text| text.contains(hint)),
            "{error:?}"
        );
    }
}

#[test]
fn compiled_code_that_was_tampered_with_is_compiled_again() {
    let workspace = sextant_tests::TestWorkspace::new().plugin("names");
    drop(workspace.host());
    let cache = workspace.path("cache/code");
    let code: Vec<_> = std::fs::read_dir(&cache)
        .expect("it was made")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    let code: Vec<_> = code
        .into_iter()
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "code")
        })
        .collect();
    assert_eq!(code.len(), 1);
    let whole = std::fs::read(&code[0]).expect("it can be read");
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    std::fs::write(&code[0], &changed).expect("it can be written");
    let host = workspace.host();
    assert_eq!(
        sextant_tests::rows(&host, "SELECT names.normalize('А')"),
        ["a"]
    );
    assert_ne!(
        std::fs::read(&code[0]).expect("it can be read"),
        changed,
        "the tampered code was replaced"
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(&cache)
            .expect("it is there")
            .permissions(),
    );
    assert_eq!(mode & 0o777, 0o700);
}
