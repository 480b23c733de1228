package h2

import (
	"errors"

	"golang.org/x/net/http2"
)

// passSettings lets from have what it asks for, and asks the other side for the
// same. first says that it is the frame with which from begins. The other side's
// acknowledgement is passed on when it comes, so from knows then that both obey.
func (r *Relay) passSettings(f *http2.SettingsFrame, from, to *side, first bool) *Fault {
	settings := make([]http2.Setting, 0, f.NumSettings()+3)
	var fault *Fault
	_ = f.ForeachSetting(func(s http2.Setting) error {
		if err := s.Valid(); err != nil {
			code, _ := errors.AsType[http2.ConnectionError](err)
			fault = broken(from.peer, http2.ErrCode(code), "§6.5.2", "SETTINGS with %v", s)
			return err
		}
		r.obey(from, s)
		if s, ok := r.mirrored(s, from.peer); ok {
			settings = append(settings, s)
		}
		return nil
	})
	if fault != nil {
		return fault
	}
	if first {
		settings = r.completed(settings, from.peer)
	}
	to.allow(settings)
	to.unacked.Add(1)
	to.write(func(f *http2.Framer) error { return f.WriteSettings(settings...) })
	return nil
}

func (r *Relay) obey(d *side, s http2.Setting) {
	if s.ID == http2.SettingInitialWindowSize {
		r.setInitial(d.peer, int64(s.Val))
	}
	d.obey(s)
}

// setInitial changes what a peer allows on a stream without saying more, on those
// that are open too (RFC 9113 §6.9.2).
func (r *Relay) setInitial(p Peer, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	more := n - r.initial[p]
	r.initial[p] = n
	for _, s := range r.streams {
		if p == Client {
			s.toClient.add(more)
		} else {
			s.toOrigin.add(more)
		}
	}
}

// mirrored returns what the other side is asked for when a side asks for s. Most
// promises are those of the two ends, unknown ones too; some are also ours to keep,
// so they are bounded. What a client says of push is not passed on, since it gets none.
func (r *Relay) mirrored(s http2.Setting, from Peer) (http2.Setting, bool) {
	switch s.ID {
	case http2.SettingEnablePush:
		return s, false
	case http2.SettingHeaderTableSize:
		s.Val = min(s.Val, largestTable)
	case http2.SettingMaxFrameSize:
		s.Val = min(s.Val, largestFrame)
	case http2.SettingMaxHeaderListSize:
		s.Val = min(s.Val, uint32(r.config.MaxHeaderBytes))
	case http2.SettingMaxConcurrentStreams:
		if from == Origin {
			s.Val = min(s.Val, uint32(r.config.MaxStreams))
		}
	}
	return s, true
}

// completed adds our own bounds to the first SETTINGS, where a side left them out.
func (r *Relay) completed(settings []http2.Setting, from Peer) []http2.Setting {
	has := func(id http2.SettingID) bool {
		for i := range settings {
			if settings[i].ID == id {
				return true
			}
		}
		return false
	}
	if from == Client {
		settings = append(settings, http2.Setting{ID: http2.SettingEnablePush, Val: 0})
	} else if !has(http2.SettingMaxConcurrentStreams) {
		settings = append(settings, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: uint32(r.config.MaxStreams)})
	}
	if !has(http2.SettingMaxHeaderListSize) {
		settings = append(settings, http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: uint32(r.config.MaxHeaderBytes)})
	}
	return settings
}

// acknowledged passes an acknowledgement on, unless it is of SETTINGS of our own.
func (r *Relay) acknowledged(from, to *side) *Fault {
	if from.unacked.Add(-1) < 0 {
		return broken(from.peer, http2.ErrCodeProtocol, "§6.5.3", "SETTINGS are acknowledged that were not sent")
	}
	if from.own.Load() > 0 {
		from.own.Add(-1)
		return nil
	}
	to.write(func(f *http2.Framer) error { return f.WriteSettingsAck() })
	return nil
}

// hello writes our own SETTINGS to a client that is told something before its
// origin server's came.
func (r *Relay) hello(f *http2.Framer) {
	r.client.own.Add(1)
	r.client.unacked.Add(1)
	_ = f.WriteSettings(r.completed(nil, Origin)...)
}

// obeyAlone obeys a client that nobody else has to obey.
func (r *Relay) obeyAlone(f *http2.SettingsFrame) (fault *Fault) {
	_ = f.ForeachSetting(func(s http2.Setting) error {
		err := s.Valid()
		if err != nil {
			code, _ := errors.AsType[http2.ConnectionError](err)
			fault = broken(Client, http2.ErrCode(code), "§6.5.2", "SETTINGS with %v", s)
			return err
		}
		r.obey(r.client, s)
		return nil
	})
	return fault
}
