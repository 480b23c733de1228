require "rack"
require "json"

files = Rack::Files.new(ENV["WORK"])
shop = lambda do |env|
  req = Rack::Request.new(env)
  case req.path
  when "/" then files.call(env.merge("PATH_INFO" => "/index.html"))
  when "/api/items"
    JSON.parse(req.body.read) if req.post? && req.media_type == "application/json"
    [req.post? ? 201 : 200, { "Content-Type" => "application/json" }, ['[{"id":1}]']]
  when %r{^/api/items/} then req.delete? ? [204, {}, []] : [200, { "Content-Type" => "application/json" }, ['{"id":1}']]
  when "/error" then raise "shop is closed"
  when "/redirect"
    res = Rack::Response.new
    res.redirect("/api/items")
    res.finish
  when "/cookie"
    res = Rack::Response.new("ok")
    res.set_cookie("lang", "de")
    res.finish
  else files.call(env)
  end
end
use Rack::ContentLength
use Rack::ConditionalGet
use Rack::ETag
run shop
