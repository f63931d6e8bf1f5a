// Package config holds the settings of a zugou process: what a machine's
// owner decides. Rules that officials change (clocks, thresholds, rates) are
// dated rows in the database, not settings.
//
// # Where a value comes from
//
//	flag  >  environment  >  file  >  default
//
// Each setting has one name everywhere: flag --sms-url, environment
// ZUGOU_SMS_URL, key "sms-url" of the file. The file is named by --config or
// ZUGOU_CONFIG; none is read otherwise. A value from the environment that is
// empty counts as not given.
//
// The file is one flat JSON object; lines that begin with // are comments.
// JSON because the standard library reads it and every tool writes it: TOML
// or YAML would be a dependency in the one place that decides whether the
// program starts, and the settings need no nesting. An unknown key, a key
// given twice and a value of the wrong type are refused by name.
//
// A secret may be given as @FILE (systemd credentials, a mounted secret): its
// first line is the value, and the flag shows no secret in the process list.
//
// Always true: a loaded Config is complete and checked; it never changes; a
// listener whose address is not set is off; Print shows no secret, nor the
// password or query of an address.
package config
