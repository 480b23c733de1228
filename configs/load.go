package configs

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"sidenote/internal/wholefile"
	"sidenote/internal/wording"
)

// configFlag names the file; it is a flag and a variable, but no key of the file.
// noConfigFlag leaves out a file that would be found.
const (
	configFlag   = "config"
	noConfigFlag = "no-config"
)

// Annotations of flags: the group of the setting, and, for those that most
// people need, a mark.
const (
	GroupAnnotation  = "sidenote_group"
	CommonAnnotation = "sidenote_common"
)

// Groups returns the groups of settings in the order of the documentation.
func Groups() (all []string) {
	for _, s := range Settings() {
		if !slices.Contains(all, s.Group) {
			all = append(all, s.Group)
		}
	}
	return all
}

// AddFlags defines a flag for each setting that is not for one command alone,
// and --config. With names, it defines only these. It returns those settings.
func AddFlags(fs *pflag.FlagSet, names ...string) (added []*Setting) {
	settings := Settings()
	for i := range settings {
		s := &settings[i]
		if len(names) == 0 && s.Command != "" || len(names) > 0 && !slices.Contains(names, s.Name) {
			continue
		}
		f := fs.VarPF(&flagValue{setting: s}, s.Name, s.Short, s.Help)
		f.DefValue = s.Default
		f.Annotations = map[string][]string{GroupAnnotation: {s.Group}}
		if s.Common {
			f.Annotations[CommonAnnotation] = nil
		}
		if s.Kind == KindSwitch {
			f.NoOptDefVal = "true"
		}
		added = append(added, s)
	}
	if len(names) == 0 || slices.Contains(names, configFlag) {
		fs.String(configFlag, "", "YAML `FILE` of settings (default: "+FileName+" in this folder, or above it in the repository)")
		fs.Bool(noConfigFlag, false, "leave "+FileName+" out")
	}
	return added
}

// flagValue checks a flag's text when it is parsed and keeps it for Load.
type flagValue struct {
	setting *Setting
	text    string
}

// Set takes the text of one occurrence of the flag.
func (v *flagValue) Set(s string) error {
	if v.setting.Repeatable && v.text != "" {
		s = v.text + v.setting.separator() + s
	}
	var c Config
	if strings.HasPrefix(s, "--") && v.setting.Kind != KindSwitch {
		return fmt.Errorf("needs %s, but the next word is the flag %s", v.setting.Value, s)
	}
	if err := v.setting.put(&c, s); err != nil {
		return err
	}
	v.text = s
	return nil
}

// String returns the text of the flag.
func (v *flagValue) String() string { return v.text }

// Type returns the placeholder of the value in usage texts.
func (v *flagValue) Type() string {
	if v.setting == nil || v.setting.Kind == KindSwitch {
		return "bool"
	}
	return v.setting.Value
}

// IsBoolFlag says that a switch needs no value.
func (v *flagValue) IsBoolFlag() bool { return v.setting.Kind == KindSwitch }

// Load puts the settings together: the defaults, then the file that --config or
// SIDENOTE_CONFIG names, or else the one that Find finds for a folder, then the
// environment (as os.Environ returns it), then the flags that were given. flags
// may be nil; "" as the folder finds nothing. An error is one that the user can
// fix, and names the place. warnings are variables that look like settings but are
// not. The result has been checked by Validate.
func Load(flags *pflag.FlagSet, environ []string, folder string) (c Config, warnings []string, err error) {
	c = Default()
	env := envOf(environ)
	if err := c.loadFile(flags, env, folder); err != nil {
		return c, nil, err
	}
	if err := c.loadEnv(env); err != nil {
		return c, nil, err
	}
	if err := c.loadFlags(flags); err != nil {
		return c, nil, err
	}
	return c, unknownEnv(env), c.Validate()
}

// namedFile returns the file that --config or SIDENOTE_CONFIG names, and which of them.
func namedFile(flags *pflag.FlagSet, env map[string]string) (file, where string) {
	if f := lookupChanged(flags, configFlag); f != nil {
		return f.Value.String(), "--" + configFlag
	}
	return env[Variable(configFlag)], Variable(configFlag)
}

func lookupChanged(flags *pflag.FlagSet, name string) *pflag.Flag {
	if flags == nil {
		return nil
	}
	if f := flags.Lookup(name); f != nil && f.Changed {
		return f
	}
	return nil
}

// maxFile bounds a configuration file, in octets.
const maxFile = 1 << 20

// loadFile reads the configuration file, if there is one.
func (c *Config) loadFile(flags *pflag.FlagSet, env map[string]string, folder string) error {
	name, where := namedFile(flags, env)
	if f := lookupChanged(flags, noConfigFlag); f != nil && f.Value.String() == "true" {
		if where == "--"+configFlag {
			return fmt.Errorf("--%s and --%s: choose one", configFlag, noConfigFlag)
		}
		return nil
	}
	if name == "" && folder != "" {
		if found := Find(folder); found != "" {
			name, c.Found = shownFrom(folder, found), true
		}
	}
	if name == "" {
		return nil
	}
	c.File = name
	at := name
	if c.Found && !filepath.IsAbs(at) {
		at = filepath.Join(folder, at)
	}
	b, err := wholefile.Read(at, maxFile)
	switch {
	case err != nil && c.Found:
		return err
	case err != nil:
		return fmt.Errorf("the configuration file that %s names: %w", where, err)
	}
	if err := c.loadYAML(name, b); err != nil {
		return err
	}
	c.rebase(filepath.Dir(name))
	return nil
}

// shownFrom is a file's name as someone in a folder would write it.
func shownFrom(folder, file string) string {
	if short, err := filepath.Rel(folder, file); err == nil {
		return short
	}
	return file
}

// envOf keeps the variables that begin with SIDENOTE_ and are not empty.
func envOf(environ []string) map[string]string {
	env := make(map[string]string)
	for _, e := range environ {
		if name, value, ok := strings.Cut(e, "="); ok && strings.HasPrefix(name, envPrefix) && value != "" {
			env[name] = value
		}
	}
	return env
}

func (c *Config) loadEnv(env map[string]string) error {
	settings := Settings()
	for i := range settings {
		s := &settings[i]
		value, ok := env[s.Env()]
		if !ok {
			continue
		}
		if err := c.setFrom(s, value, origin{where: s.Env()}); err != nil {
			return fmt.Errorf("environment variable %s: %w", s.Env(), err)
		}
	}
	return nil
}

// unknownEnv warns of variables whose name is nearly that of a setting. Others
// may be anybody's: Kubernetes sets SIDENOTE_PORT and the like for a service
// of that name.
func unknownEnv(env map[string]string) []string {
	known := []string{strings.ToLower(Variable(configFlag))}
	for _, s := range Settings() {
		known = append(known, strings.ToLower(s.Env()))
	}
	var warnings []string
	for name := range env {
		lower := strings.ToLower(name)
		if slices.Contains(known, lower) && name == strings.ToUpper(name) || name == envPrefix+"PORT" {
			continue
		}
		for _, k := range known {
			if wording.Distance(lower, k) <= 2 {
				warnings = append(warnings, fmt.Sprintf("environment variable %s is not a setting; %s", name, wording.Guess("%s", strings.ToUpper(k))))
				break
			}
		}
	}
	slices.Sort(warnings)
	return warnings
}

func (c *Config) loadFlags(flags *pflag.FlagSet) error {
	if flags == nil {
		return nil
	}
	settings := Settings()
	for i := range settings {
		s := &settings[i]
		f := flags.Lookup(s.Name)
		if f == nil || !f.Changed {
			continue
		}
		if err := c.setFrom(s, f.Value.String(), origin{where: "--" + s.Name, byFlag: true}); err != nil {
			return fmt.Errorf("--%s: %w", s.Name, err)
		}
	}
	return nil
}
