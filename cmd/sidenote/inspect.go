package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"sidenote/annotate"
	"sidenote/configs"
	"sidenote/exchange"
	"sidenote/inspector"
	"sidenote/inspector/web"
	"sidenote/internal/wholefile"
	"sidenote/internal/wording"
	"sidenote/proxy"
	"sidenote/proxy/ca"
	"sidenote/sink"
	"sidenote/sink/store"
)

// inspectorParts are what the inspector has beside the proxy. They are opened
// before the pipeline, which fills the store.
type inspectorParts struct {
	store     *store.Store
	admission *inspector.Admission // nil where credentials are asked for instead
	byHand    *proxy.Inside        // on which requests of the page come to the proxy
	file      *store.File          // nil unless the store survives restarts
}

// linkKey returns the key of the links. It lives in the folder of the CA; where
// there is no CA, a folder that cannot be written costs only that other
// programs cannot make links.
func (p *program) linkKey(c *configs.Config, authority *ca.Authority, log zerolog.Logger) ([]byte, error) {
	if authority != nil {
		return inspectorKey(authority.Dir())
	}
	dir, err := caFolder(c.CADir)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		var key []byte
		if key, err = inspectorKey(dir); err == nil {
			return key, nil
		}
	}
	log.Warn().Msgf("\"%s open\" can't make links to this inspector: %v", p.self(), err)
	return inspector.NewKey(), nil
}

// openInspectorParts opens the store and the key of the links. It returns nil
// where there is no admin server.
func (p *program) openInspectorParts(c *configs.Config, admin net.Listener, authority *ca.Authority, log zerolog.Logger) (*inspectorParts, error) {
	if admin == nil {
		if c.Store != "" {
			return nil, usageErrorf("--store keeps the exchanges of the inspector, but --admin off turns the inspector off; use --save to write exchanges to a file")
		}
		return nil, nil
	}
	i := &inspectorParts{byHand: proxy.NewInside()}
	if configs.IsLoopback(admin.Addr().String()) {
		key, err := p.linkKey(c, authority, log)
		if err != nil {
			return nil, &codedError{exitFailed, err}
		}
		i.admission = inspector.NewAdmission(key)
		i.admission.Program = p.self()
	}
	o := store.Options{Bytes: c.StoreBytes, MostContent: int(c.KeepContent), Messages: c.KeepMessages}
	if c.Store != "" {
		var err error
		var repair *store.Repair
		if i.file, repair, err = store.OpenFile(c.Store, c.StoreBytes); err != nil {
			return nil, &codedError{exitUsage, fmt.Errorf("--store: %w", err)}
		}
		if repair != nil {
			log.Warn().Msg("--store: " + repairText(c.Store, repair))
		}
		complain := func(err error) { // of what could not be kept
			if err != nil {
				log.Warn().Msgf("--store: %v", err)
			}
		}
		o.Marked = func(seq uint64, pinned bool, comment string) { complain(i.file.Mark(seq, pinned, comment)) }
		o.Cleared = func(pinned bool) { complain(i.file.Clear(pinned)) }
	}
	i.store = store.New(o)
	p.boundHeap(c.StoreBytes)
	return i, nil
}

// repairText says what was wrong with the file of the store.
func repairText(name string, r *store.Repair) string {
	kept := wording.Count(r.Kept, "exchange")
	if r.Aside == "" {
		return fmt.Sprintf("%s ended in a record cut short, of %s; sidenote removed it, and loads %s", name, wording.Count(r.Torn, "byte"), kept)
	}
	return fmt.Sprintf("%s is damaged; sidenote renamed it to %s, and loads the %s that can be read", name, r.Aside, kept)
}

// heapBesideStore is the memory that the program may use beside the store
// before garbage is collected more often than it would be.
const heapBesideStore = 192 << 20

// boundHeap keeps garbage from growing with the store, unless the user set a
// limit.
func (p *program) boundHeap(storeBytes int64) {
	if _, set := p.lookup("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(storeBytes + heapBesideStore)
	}
}

// load puts into the store what its file has from earlier runs; again makes the
// notes.
func (i *inspectorParts) load(again func(*exchange.Exchange) *annotate.Annotated, c *configs.Config, log zerolog.Logger) error {
	if i.file == nil {
		return nil
	}
	taken, bad, err := i.file.Load(i.store, again)
	if err != nil {
		return &codedError{exitFailed, fmt.Errorf("--store: %w", err)}
	}
	if bad > 0 {
		log.Warn().Msgf("--store: skipped %s in %s that can't be read", wording.Count(bad, "exchange"), c.Store)
	}
	if taken > 0 {
		log.Info().Msgf("loaded %s of earlier runs into the inspector", wording.Count(taken, "exchange"))
	}
	return nil
}

// fileSink returns what writes to the file of the store; nil where there is none.
func (i *inspectorParts) fileSink() sink.Sink {
	if i == nil || i.file == nil {
		return nil
	}
	return i.file
}

// watched returns hooks that also let the store know what runs.
func (i *inspectorParts) watched(h proxy.Hooks) proxy.Hooks {
	if i == nil {
		return h
	}
	request, head, message, done := h.Request, h.Head, h.Message, h.Done
	h.Request = func(x *exchange.Exchange) []exchange.Line {
		i.store.Begin(x)
		return request(x)
	}
	h.Head = func(x *exchange.Exchange, added []exchange.Line) []exchange.Line {
		i.store.Respond(x)
		return head(x, added)
	}
	h.Message = func(x *exchange.Exchange, format exchange.MessageFormat, m *exchange.StreamMessage) {
		i.store.Message(x, format, m)
		message(x, format, m)
	}
	h.Done = func(x *exchange.Exchange) {
		i.store.End(x)
		done(x)
	}
	return h
}

// take puts an exchange that has ended into the store, or notes that are late.
func (i *inspectorParts) take(a *annotate.Annotated) {
	if a.Late {
		i.store.AddNotes(a)
		return
	}
	i.store.Add(a, i.origin(a.X))
}

// newInspector makes the inspector of a server whose proxy and pipeline are there.
func (s *server) newInspector(parts *inspectorParts, redact *exchange.Redactor) *inspector.Inspector {
	explain := newExplainer(s.judge.policy.Rules())
	return inspector.New(inspector.Options{
		Store: parts.store, Redact: redact, Version: readVersion().Version, Run: s.runID, Page: web.Files(), Rules: knownRules(),
		Setup:   s.setup(),
		Judge:   s.notes.Again,
		Explain: func(thing string) (any, error) { return explainForPage(thing, explain) },
		Send:    parts.byHand.Send,
	})
}

// setup is what the page tells of how to point a program at the proxy.
func (s *server) setup() inspector.Setup {
	u := inspector.Setup{Proxy: "http://" + s.at.proxy.Addr().String(), Env: s.program.envCommand(&s.config, s.at.proxy), ShowSecrets: s.config.ShowSecrets}
	if s.authority != nil {
		u.CAFile, u.Fingerprint = s.authority.CertFile(), exchange.DigestOf(s.authority.Certificate().Raw).String()
	}
	return u
}

// explainForPage returns an article as the page shows it: what people read, in
// parts, and the record for programs. also has the further meanings of the word.
func explainForPage(thing string, e *explainer) (any, error) {
	all, err := e.explain(thing)
	if err != nil {
		return nil, err
	}
	shown := all[0].forPage()
	for _, a := range all[1:] {
		shown.Also = append(shown.Also, a.forPage())
	}
	return shown, nil
}

// origin says how an exchange of a running proxy came about: only the page's
// own requests come from no address.
func (i *inspectorParts) origin(x *exchange.Exchange) store.Origin {
	if !x.Client.Peer.IsValid() {
		return store.ByHand
	}
	return store.Live
}

// require lets only requests with a session of the inspector through, where
// credentials are not asked for anyway.
func (i *inspectorParts) require(h http.Handler) http.Handler {
	if i.admission != nil {
		return i.admission.Require(h)
	}
	return h
}

// admit serves the page, and its API to those who may see it.
func (i *inspectorParts) admit(page http.Handler) http.Handler {
	if i.admission != nil {
		return i.admission.Handler(page)
	}
	return page
}

// link is the address that opens the page.
func (i *inspectorParts) link(admin net.Addr) string {
	link := "http://" + admin.String() + "/"
	if i.admission != nil {
		link += "?" + i.admission.Link()
	}
	return link
}

const inspectorKeyName = "inspector.key"

// inspectorKey reads the key with which links are signed from the CA's folder,
// which no one else can read. It is made when it is first needed.
func inspectorKey(dir string) ([]byte, error) {
	name := filepath.Join(dir, inspectorKeyName)
	for range 2 {
		key, err := os.ReadFile(name)
		switch {
		case err == nil && len(key) == 32:
			return key, nil
		case err == nil:
			return nil, fmt.Errorf("%s: not a key of the inspector; remove the file, and sidenote creates a new key", name)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("the inspector's key: %w", err)
		}
		if err := wholefile.Create(name, privateMode, inspector.NewKey()); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("the inspector's key: %w", err)
		}
	}
	return nil, fmt.Errorf("%s: another program keeps changing it", name)
}

func newOpenCommand(p *program) *cobra.Command {
	var admin, dir string
	var printOnly, token bool
	c := &cobra.Command{
		Use:   "open",
		Short: "Open the inspector of a running sidenote in a browser",
		Long: `Print a link to the inspector of a sidenote that runs on this machine, and open it
in a browser if there is a desktop. The link works once and expires after a day.
The browser that opens it has a session until it doesn't use the inspector for a
day.`,
		Example: `  sidenote open
  sidenote open --print --admin 127.0.0.1:9001
  curl -H "Authorization: Bearer $(sidenote open --token)" http://127.0.0.1:8081/api/v1/exchanges`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := cmp.Or(p.adminFromSettings(c, &admin), p.caDirFromSettings(c, &dir)); err != nil {
				return err
			}
			address, err := reachable(admin)
			if err != nil {
				return usageErrorf("open: --admin %q: %w", admin, err)
			}
			if !configs.IsLoopback(admin) {
				return usageErrorf("open: %s is not a loopback address; open http://%s/ and log in with the credentials of --proxy-auth", admin, address)
			}
			if !token { // which is good for one that starts later
				if err := reaches(admin); err != nil {
					return &codedError{exitFailed, fmt.Errorf("open: %s", p.noAnswer(admin, err))}
				}
			}
			admission, err := admissionOf(dir)
			if err != nil {
				return err
			}
			if token {
				return writeText(p.stdout, admission.Bearer()+"\n")
			}
			link := "http://" + admin + "/?" + admission.Link()
			if !printOnly {
				p.browse(link)
			}
			return writeText(p.stdout, link+"\n")
		},
	}
	c.Flags().StringVar(&admin, "admin", configs.Default().Admin, "`HOST:PORT` of its admin server")
	addCADir(c.Flags(), &dir)
	c.Flags().BoolVar(&printOnly, "print", false, "only print the link")
	c.Flags().BoolVar(&token, "token", false, "print a token for programs instead, valid for a day")
	return c
}

// admissionOf makes links to the inspector of a sidenote with its CA in a folder.
func admissionOf(dir string) (*inspector.Admission, error) {
	dir, err := caFolder(dir)
	if err != nil {
		return nil, err
	}
	if !exists(dir) {
		return nil, &codedError{exitFailed, fmt.Errorf("open: there is no folder %s; name the CA folder of the running sidenote with --ca-dir", dir)}
	}
	key, err := inspectorKey(dir)
	if err != nil {
		return nil, &codedError{exitFailed, fmt.Errorf("open: %w; is this the CA folder of the running sidenote?", err)}
	}
	return inspector.NewAdmission(key), nil
}

func reaches(address string) error {
	conn, err := net.DialTimeout("tcp", address, 2*time.Second)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return err
	}
	return conn.Close()
}

// browse asks the desktop to open a link; without a desktop it does nothing.
func (p *program) browse(link string) {
	var command []string
	switch runtime.GOOS {
	case "darwin":
		command = []string{"open", link}
	case "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler", link}
	default:
		display, _ := p.lookup("DISPLAY")
		wayland, _ := p.lookup("WAYLAND_DISPLAY")
		if display == "" && wayland == "" {
			return
		}
		command = []string{"xdg-open", link}
	}
	_ = exec.Command(command[0], command[1:]...).Start() // the link is printed anyway
}
