//! Compiled code by component digest, in a folder that nobody else may write to.
//!
//! Loading compiled code executes it, so a file is believed only with a MAC, under a key that this
//! workspace made, over the component's digest, the engine's compatibility hash and the code.

use crate::bundle::Digest;
use crate::error::{Context, Error, Result};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

const MAC_BYTES: usize = 32;

/// The cache.
pub(super) struct CodeCache {
    folder: PathBuf,
    key: [u8; 32],
    compatibility: u64,
}

impl fmt::Debug for CodeCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeCache")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl CodeCache {
    /// The cache in a folder, which is made, private, where it is not there.
    pub(super) fn open(folder: &Path, engine: &Engine) -> Result<Self> {
        let place = || format!("cache folder {}", folder.display());
        make_private(folder).context(place)?;
        let key = read_or_make_key(folder).context(place)?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self {
            folder: folder.to_owned(),
            key,
            compatibility: hasher.finish(),
        })
    }

    /// Compiled code, or none where it is not there, is not ours, or is for another engine.
    pub(super) fn get(&self, engine: &Engine, digest: Digest) -> Option<Component> {
        let bytes = std::fs::read(self.path(digest)).ok()?;
        let (mac, code) = bytes.split_at_checked(MAC_BYTES)?;
        if self.mac(digest, code).verify_slice(mac).is_err() {
            tracing::warn!(
                "cached code of component {} was tampered with or is damaged; compiling again",
                digest.short()
            );
            return None;
        }
        #[expect(unsafe_code, reason = "loading compiled code is what the cache is for")]
        // SAFETY: `deserialize` executes what it is given, so it must be what this engine compiled.
        // The MAC, under a key that only this user can read, covers the code, the digest of the
        // component that it was compiled from and the engine's compatibility hash; it was verified
        // on these very bytes, which are owned and cannot change in between.
        let component = unsafe { Component::deserialize(engine, code) };
        component.ok()
    }

    /// Keeps compiled code.
    pub(super) fn put(&self, digest: Digest, code: &[u8]) -> Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&self.mac(digest, code).finalize().into_bytes())?;
        file.write_all(code)?;
        file.persist(self.path(digest))
            .map_err(|error| Error::from(error.error))?;
        Ok(())
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.folder
            .join(format!("{digest}-{:016x}.code", self.compatibility))
    }

    fn mac(&self, digest: Digest, code: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(digest.bytes());
        mac.update(&self.compatibility.to_le_bytes());
        mac.update(code);
        mac
    }
}

/// Makes a folder that only its owner can enter, or checks that it is one.
fn make_private(folder: &Path) -> Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let metadata = std::fs::symlink_metadata(folder)?;
    let own = std::fs::metadata("/proc/self").map_or(metadata.uid(), |process| process.uid());
    if !metadata.is_dir() || metadata.uid() != own {
        return Err(Error::denied("not a folder of this user's own")
            .with_hint("remove it, or give it to the user who runs sextant"));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn read_or_make_key(folder: &Path) -> Result<[u8; 32]> {
    let path = folder.join("key");
    if let Some(key) = std::fs::read(&path)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
    {
        return Ok(key);
    }
    let mut key = [0; 32];
    getrandom::fill(&mut key)
        .map_err(|error| Error::internal(format!("no random bytes: {error}")))?;
    let mut file = tempfile::Builder::new()
        .permissions(std::fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    file.write_all(&key)?;
    // Two processes may start at the same time: the first key stays.
    match file.persist_noclobber(&path) {
        Ok(_) => Ok(key),
        Err(_) => {
            let bytes = std::fs::OpenOptions::new()
                .read(true)
                .custom_flags(0)
                .open(&path)
                .and_then(|_| std::fs::read(&path))?;
            bytes.try_into().map_err(|_| {
                Error::io(format!("{} is not a key of 32 bytes", path.display()))
                    .with_hint("remove it; a new one is made")
            })
        }
    }
}
