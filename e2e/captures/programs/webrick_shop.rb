require "webrick"
require "json"

server = WEBrick::HTTPServer.new(BindAddress: "127.0.0.1", Port: ENV["PORT"].to_i, DocumentRoot: ENV["WORK"], AccessLog: [], Logger: WEBrick::Log.new(File::NULL))
server.mount_proc("/api/items") do |req, res|
  res["Content-Type"] = "application/json"
  case req.request_method
  when "POST"
    JSON.parse(req.body) if req["content-type"] == "application/json"
    res.status = 201
    res.body = '{"id":7}'
  when "DELETE" then res.status = 204
  else res.body = '[{"id":1}]'
  end
end
server.mount_proc("/error") { raise "shop is closed" }
server.mount_proc("/redirect") { |_, res| res.set_redirect(WEBrick::HTTPStatus::Found, "/api/items") }
server.mount_proc("/private") { |req, res| WEBrick::HTTPAuth.basic_auth(req, res, "shop") { |_, password| password == "secret" } }
server.mount_proc("/cookie") { |_, res| res.cookies << WEBrick::Cookie.new("lang", "de") }
trap("TERM") { server.shutdown }
server.start
