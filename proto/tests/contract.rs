//! The committed bindings match the `.proto` files, and no promised field changes.

#[path = "../examples/contract.rs"]
#[expect(dead_code, unreachable_pub, reason = "the example's main is not called here")]
mod contract;

use std::path::Path;

#[test]
fn committed_bindings_are_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (path, fresh) in contract::generate().unwrap() {
        let committed = std::fs::read(root.join(&path)).unwrap();
        let name = path.display();
        assert!(committed == fresh, "{name} is stale: run `cargo run -p proto --example contract`");
    }
}

#[test]
fn no_promised_field_changes_its_number_or_type() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let committed = std::fs::read_to_string(root.join(contract::FIELDS)).unwrap();
    let now = contract::fields(&contract::descriptors().unwrap());
    let broken = contract::broken_fields(&committed, &now);
    assert!(broken.is_empty(), "callers rely on these, which changed or vanished:\n{}", broken.join("\n"));
    assert_eq!(committed.lines().count(), now.len(), "fields.txt is stale: run the contract example");
}

#[test]
fn a_field_that_changes_its_number_is_reported() {
    let mut set = contract::descriptors().unwrap();
    let committed = contract::fields(&set).join("\n");
    let file = set.file.iter_mut().find(|file| file.name().ends_with("chat.proto")).unwrap();
    let ask = file.message_type.iter_mut().find(|message| message.name() == "AskRequest").unwrap();
    ask.field[0].number = Some(77);
    let broken = contract::broken_fields(&committed, &contract::fields(&set));
    assert_eq!(broken, ["smallbiz.chatbot.v1.AskRequest.question = 1 string"]);
}
