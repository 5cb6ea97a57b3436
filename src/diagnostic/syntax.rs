//! The kinds of finding that the parser makes, one file each. Those of the checker stand beside its rules.

mod bad_environment;
mod bad_id;
mod bad_parameter;
mod bad_value;
mod duplicate_block;
mod duplicate_id;
mod duplicate_key;
mod duplicate_name;
mod empty_script;
mod hidden_block;
mod language_cannot_run;
mod malformed_info_string;
mod misplaced_options;
mod missing_field;
mod missing_uses;
mod option_not_here;
mod orphan_block;
mod unclosed_fence;
mod unknown_key;
mod unknown_option;
mod unknown_role;
mod unquoted_template;
mod wrong_type;
mod yaml_feature;
mod yaml_syntax;

use super::rule::Rule;

/// Every kind of finding that the parser makes, in the order of their codes.
pub const RULES: &[Rule] = &[
    UNCLOSED_FENCE,
    MALFORMED_INFO,
    UNKNOWN_ROLE,
    LANGUAGE,
    BAD_ID,
    DUPLICATE_ID,
    ORPHAN_BLOCK,
    DUPLICATE_BLOCK,
    HIDDEN_BLOCK,
    MISPLACED_OPTIONS,
    YAML_SYNTAX,
    DUPLICATE_KEY,
    UNQUOTED_TEMPLATE,
    YAML_FEATURE,
    MISSING_FIELD,
    UNKNOWN_KEY,
    BAD_PARAMETER,
    UNKNOWN_OPTION,
    OPTION_NOT_HERE,
    WRONG_TYPE,
    BAD_VALUE,
    MISSING_USES,
    DUPLICATE_NAME,
    EMPTY_SCRIPT,
    BAD_ENVIRONMENT,
];

/// `unclosed-fence`
pub const UNCLOSED_FENCE: Rule = unclosed_fence::RULE;

/// `malformed-info-string`
pub const MALFORMED_INFO: Rule = malformed_info_string::RULE;

/// `unknown-role`
pub const UNKNOWN_ROLE: Rule = unknown_role::RULE;

/// `language-cannot-run`
pub const LANGUAGE: Rule = language_cannot_run::RULE;

/// `bad-id`
pub const BAD_ID: Rule = bad_id::RULE;

/// `duplicate-id`
pub const DUPLICATE_ID: Rule = duplicate_id::RULE;

/// `orphan-block`
pub const ORPHAN_BLOCK: Rule = orphan_block::RULE;

/// `duplicate-block`
pub const DUPLICATE_BLOCK: Rule = duplicate_block::RULE;

/// `hidden-block`
pub const HIDDEN_BLOCK: Rule = hidden_block::RULE;

/// `misplaced-options`
pub const MISPLACED_OPTIONS: Rule = misplaced_options::RULE;

/// `yaml-syntax`
pub const YAML_SYNTAX: Rule = yaml_syntax::RULE;

/// `duplicate-key`
pub const DUPLICATE_KEY: Rule = duplicate_key::RULE;

/// `unquoted-template`
pub const UNQUOTED_TEMPLATE: Rule = unquoted_template::RULE;

/// `yaml-feature`
pub const YAML_FEATURE: Rule = yaml_feature::RULE;

/// `missing-field`
pub const MISSING_FIELD: Rule = missing_field::RULE;

/// `unknown-key`
pub const UNKNOWN_KEY: Rule = unknown_key::RULE;

/// `bad-parameter`
pub const BAD_PARAMETER: Rule = bad_parameter::RULE;

/// `unknown-option`
pub const UNKNOWN_OPTION: Rule = unknown_option::RULE;

/// `option-not-here`
pub const OPTION_NOT_HERE: Rule = option_not_here::RULE;

/// `wrong-type`
pub const WRONG_TYPE: Rule = wrong_type::RULE;

/// `bad-value`
pub const BAD_VALUE: Rule = bad_value::RULE;

/// `missing-uses`
pub const MISSING_USES: Rule = missing_uses::RULE;

/// `duplicate-name`
pub const DUPLICATE_NAME: Rule = duplicate_name::RULE;

/// `empty-script`
pub const EMPTY_SCRIPT: Rule = empty_script::RULE;

/// `bad-environment`
pub const BAD_ENVIRONMENT: Rule = bad_environment::RULE;
