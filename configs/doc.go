// Package configs reads the settings: flags beat environment variables, which
// beat the YAML file, which beats the defaults. Each setting is one value in
// one table, from which its flag, variable, key and documentation are made.
//
// The folder also has the files that a user deploys.
package configs
