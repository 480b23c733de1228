package main

import (
	"sidenote/configs"
	"sidenote/exchange/message"
	"sidenote/exchange/message/protobuf"
	"sidenote/proxy"
)

// decoder returns what says what messages of gRPC mean; nil where nothing does.
func decoder(c *configs.Config) (message.Decoder, error) {
	var names []string
	reflects := false
	for _, name := range c.Proto {
		if name == configs.ProtoReflection {
			reflects = true
			continue
		}
		names = append(names, name)
	}
	var files *protobuf.Files
	if len(names) > 0 {
		var err error
		if files, err = protobuf.Read(names...); err != nil {
			return nil, usageErrorf("--proto: %w", err)
		}
	}
	switch {
	case reflects:
		return &protobuf.Reflection{Files: files}, nil
	case files != nil:
		return files, nil
	}
	return nil, nil
}

// connectDecoder lets a decoder that asks servers reach them as the proxy does.
func connectDecoder(d message.Decoder, p *proxy.Proxy) {
	if r, ok := d.(*protobuf.Reflection); ok {
		r.Dial = p.DialH2
	}
}
