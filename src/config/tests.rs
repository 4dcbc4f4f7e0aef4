use super::*;

#[test]
fn the_reference_file_and_the_code_agree() {
    let defaults = Figment::from(Serialized::defaults(Config::default()));
    let file = Figment::from(Serialized::defaults(Config::default()))
        .merge(Toml::string(include_str!("../../config/default.toml")));
    let show = |figment: Figment| {
        let config: Config = figment.extract().unwrap();
        serde_json::to_string_pretty(&config).unwrap()
    };
    assert_eq!(show(defaults), show(file));
}
