//! `runbook evidence`: the pages in an archive, and its signature by a key of KMS, verified by the program and by openssl.

use crate::cloud::{kms, wait};
use crate::env::Project;
use crate::rehearse::sound;
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use runbook::evidence::{Archive, sums};

const SUMS: &str = "evidence/SHA256SUMS";

fn archive(project: &Project, file: &str) -> Archive {
    let bytes = std::fs::read(project.path().join(file)).expect("an archive");
    Archive::read(&bytes).expect("a whole archive")
}

fn write(project: &Project, file: &str, archive: &Archive) {
    let bytes = archive.write().expect("bytes");
    std::fs::write(project.path().join(file), bytes).expect("written");
}

fn ran(project: &Project) -> String {
    project.run(&["run", "restore", "--env", "sandbox"]).ended(0);
    project.newest_run().file_name().expect("a name").to_string_lossy().into_owned()
}

#[test]
fn the_pages_of_an_archive_are_those_that_its_journals_make() {
    let project = Project::local(&[("restore", &sound())]);
    let text = project.read("runbook.yaml").replace("    seed: [account-redeploy]\n", "");
    project.write("runbook.yaml", &text);
    let run = ran(&project);
    project.run(&["evidence", "pack", &run, "--out", "whole.tar"]).ended(0);
    let whole = archive(&project, "whole.tar");
    let page = format!("evidence/site/runs/{run}.html");
    let html = String::from_utf8_lossy(&whole.files[&page]).into_owned();
    assert!(html.contains(&run) && html.contains("Restore"), "{html}");
    for name in ["index.html", "runbooks/restore.html", "assets/site.css", "calendar.html"] {
        assert!(whole.files.contains_key(&format!("evidence/site/{name}")), "no {name}");
    }
    // Nothing of the place where it was packed is in it.
    let folder = project.path().to_string_lossy().into_owned();
    for (path, bytes) in whole.files.iter().filter(|(path, _)| path.contains("/site/")) {
        assert!(!String::from_utf8_lossy(bytes).contains(&folder), "{path}");
    }
    // Somebody makes a page say something else, and the sums fit.
    let alter = |alter: &dyn Fn(&mut Archive)| {
        let mut altered = whole.clone();
        alter(&mut altered);
        let listed = sums(&altered);
        altered.add(SUMS, listed);
        write(&project, "altered.tar", &altered);
        project.run(&["evidence", "verify", "altered.tar"]).ended(3)
    };
    let title = format!("site/runs/{run}.html is not the page that the journals make");
    alter(&|one| one.add(&page, html.replace("Restore", "Rescue"))).says(&title);
    alter(&|one| drop(one.files.remove(&page))).says(&title);
    alter(&|one| one.add("evidence/site/more.html", "x")).says("site/more.html is not the page");
    // Who the operators are is on the pages, so it cannot be told otherwise either.
    let other = format!("{text}handoff:\n  operators: [\"arn:aws:sts::*:assumed-role/Other/*\"]\n");
    alter(&|one| one.add("evidence/runbook.yaml", other.clone())).says("is not the page");
    project.run(&["evidence", "verify", "whole.tar"]).ended(0).says("is whole");
}

/// A key of KMS that signs, under an alias.
async fn signing_key(account: &str, alias: &str) {
    let kms = kms(account);
    let made = kms.create_key().key_spec(KeySpec::EccNistP256).key_usage(KeyUsageType::SignVerify);
    let made = made.send().await.expect("a key");
    let key = made.key_metadata().expect("a key").key_id().to_owned();
    kms.create_alias().alias_name(alias).target_key_id(key).send().await.expect("an alias");
}

/// What the archive's own README says is typed to verify its signature.
fn openssl(project: &Project, archive: &str) -> crate::env::Ran {
    let folder = project.path().join("unpacked");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).expect("a folder");
    project.run_other("tar", &["-xf", archive, "-C", "unpacked"]).ended(0);
    let readme = project.read("unpacked/evidence/README.txt");
    let command = readme.lines().map(str::trim).find(|line| line.starts_with("openssl "));
    let command = format!("cd unpacked/evidence && {}", command.expect("a command"));
    project.run_other("sh", &["-c", &command])
}

#[test]
fn a_signature_by_kms_is_verified_offline_and_by_openssl() {
    let project = Project::cloud(&[("restore", &sound())]);
    let account = project.accounts.platform.clone();
    wait(signing_key(&account, "alias/evidence"));
    wait(signing_key(&account, "alias/other"));
    let run = ran(&project);
    let pack = |key: &str, out: &str| {
        let of = ["evidence", "pack", &run, "--out", out, "--sign", key];
        project.run(&[&of[..], &["--env", "sandbox", "--account", "platform"]].concat())
    };
    pack("alias/evidence", "signed.tar").ended(0);
    let key = format!("signed by arn:aws:kms:eu-west-1:{account}:key/");
    // Offline: nothing of the project, and no address of any AWS.
    let elsewhere = tempfile::tempdir().expect("a folder");
    std::fs::copy(project.path().join("signed.tar"), elsewhere.path().join("s.tar")).expect("one");
    let mut command = project.command(&["evidence", "verify", "s.tar"]);
    let output = command.current_dir(elsewhere.path()).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains(&key), "{said}");
    openssl(&project, "signed.tar").ended(0).says("Verified OK");
    // The key that one was told of, and another one.
    const PUBLIC: &str = "evidence/public-key.pem";
    pack("alias/other", "other.tar").ended(0);
    let key_of = |name: &str| archive(&project, name).files[PUBLIC].clone();
    let given = |name: &str, key: &[u8]| {
        std::fs::write(project.path().join("key.pem"), key).expect("written");
        project.run(&["evidence", "verify", name, "--public-key", "key.pem"])
    };
    given("signed.tar", &key_of("signed.tar")).ended(0).says("the key is the one given");
    given("signed.tar", &key_of("other.tar")).ended(3).says("signed by another key");
    given("signed.tar", b"none").ended(2).says("no public key in PEM");

    // Somebody alters a report and makes the sums fit. The signature is one of other sums.
    let mut altered = archive(&project, "signed.tar");
    let report = format!("evidence/runs/{run}/report.json");
    let text = String::from_utf8_lossy(&altered.files[&report]).replace("succeeded", "undone");
    altered.add(&report, text);
    let listed = sums(&altered);
    altered.add(SUMS, listed);
    write(&project, "altered.tar", &altered);
    let wrong = "the signature is not one of these sums by this key";
    project.run(&["evidence", "verify", "altered.tar"]).ended(3).says(wrong);
    openssl(&project, "altered.tar").ended(1);

    // Somebody else's key.
    let mut swapped = archive(&project, "signed.tar");
    let other = key_of("other.tar");
    assert_ne!(other, swapped.files[PUBLIC]);
    swapped.add(PUBLIC, other);
    write(&project, "swapped.tar", &swapped);
    project.run(&["evidence", "verify", "swapped.tar"]).ended(3).says(wrong);
    openssl(&project, "swapped.tar").ended(1);

    // A key that cannot sign, and none at all.
    let kms = kms(&account);
    let made = wait(kms.create_key().send()).expect("a key");
    let id = made.key_metadata().expect("a key").key_id().to_owned();
    pack(&id, "none.tar").ended(4).says("Nothing was written").says("ECC_NIST_P256");
    pack("alias/nowhere", "none.tar").ended(4).says("alias/nowhere");
    assert!(!project.exists("none.tar"));
}
