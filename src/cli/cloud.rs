//! What a rehearsal and an archive of evidence need of AWS, in a build with AWS and in one without.

use super::error::CliError;
use super::project::Home;
use super::world::{self, progress};
use crate::evidence::Signed;
use crate::model::project::Environment;
use crate::rehearse::AccountReader;
use crate::sandbox::Sandbox;

/// Where the project's own emulator listens. Starts it.
///
/// # Errors
/// When it cannot be started.
pub(super) fn emulator(home: &Home) -> Result<String, CliError> {
    // The state folder is closed to others before anything is put into it.
    home.store()?;
    let sandbox = Sandbox::new(&home.state);
    Ok(world::runtime()?.block_on(sandbox.up(&progress))?.endpoint)
}

/// Installs what emulates AWS, when it is missing.
pub(super) fn install() -> Result<(), CliError> {
    Ok(world::runtime()?.block_on(Sandbox::cli(&progress)).map(drop)?)
}

/// Reads everything in some emulated accounts.
#[cfg(feature = "aws")]
pub(super) fn account_reader(region: String) -> Option<AccountReader> {
    Some(std::sync::Arc::new(move |endpoint, accounts| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        runtime.block_on(crate::actions::aws::inventory(endpoint, &region, accounts))
    }))
}

#[cfg(not(feature = "aws"))]
pub(super) fn account_reader(_region: String) -> Option<AccountReader> {
    None
}

/// Signs a text with a key of an account.
///
/// # Errors
/// When the account cannot be entered, or the key cannot sign.
#[cfg(feature = "aws")]
pub(super) fn sign(
    home: &Home,
    environment: &Environment,
    (account, key): (&str, &str),
    text: &[u8],
) -> Result<Signed, CliError> {
    use super::exit::Exit;
    use crate::actions::aws::{AwsSessions, Emulator};
    use crate::actions::context::Target;
    use crate::model::mode::EnvironmentKind;
    let found = environment.accounts.iter().find(|(name, _)| name.as_str() == account);
    let (name, found) = found.ok_or_else(|| {
        CliError::usage(format!("environment `{}` has no account `{account}`", environment.name))
            .certain("Nothing was written.")
    })?;
    let emulator = if environment.kind == EnvironmentKind::Sandbox {
        let endpoint = environment.endpoint.clone().map_or_else(|| emulator(home), Ok)?;
        Some(Emulator { endpoint, cli: Sandbox::installed_cli() })
    } else {
        None
    };
    let refused = |text: String| CliError::new(Exit::Refused, text).certain("Nothing was written.");
    let sessions = AwsSessions::new(environment, emulator, "evidence")
        .map_err(|error| refused(error.to_string()))?;
    let target =
        Target { account: name.clone(), id: found.id.clone(), region: found.region.clone() };
    let signed = world::runtime()?
        .block_on(crate::actions::aws::sign(&sessions, &target, key, text))
        .map_err(|trouble| {
            let error = refused(trouble.message);
            match trouble.hint {
                Some(hint) => error.hint(hint),
                None => error,
            }
        })?;
    Ok(Signed {
        key: signed.key,
        algorithm: signed.algorithm,
        signature: signed.signature,
        public_key: signed.public_key,
    })
}

#[cfg(not(feature = "aws"))]
pub(super) fn sign(
    _home: &Home,
    _environment: &Environment,
    _key: (&str, &str),
    _text: &[u8],
) -> Result<Signed, CliError> {
    Err(CliError::usage("this runbook was built without AWS, so it cannot sign"))
}
