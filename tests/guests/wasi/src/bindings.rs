//! The contract as wit-bindgen has it, without the SDK.

wit_bindgen::generate!({
    path: "../../../wit",
    inline: "
        package hookyard:guest;
        world guest {
            include hookyard:plugin/webhook-plugin@0.1.0;
            export hookyard:plugin/action-handler@0.1.0;
        }
    ",
    world: "hookyard:guest/guest",
    generate_all,
});
