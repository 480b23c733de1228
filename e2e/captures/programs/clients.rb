require "json"
require "net/http"

url = ENV["URL"]
if ARGV[0] == "nethttp"
  uri = URI(url)
  Net::HTTP.get(URI(url + "/api/items"))
  Net::HTTP.post(URI(url + "/api/items"), { name: "cup" }.to_json, "Content-Type" => "application/json")
  Net::HTTP.post_form(URI(url + "/api/items"), "name" => "cup")
  Net::HTTP.start(uri.host, uri.port) { |h| h.delete("/api/items/1") }
  Net::HTTP.get(URI(url + "/redirect"))
  Net::HTTP.post(URI(url + "/api/items"), "")
else
  require "faraday"
  c = Faraday.new(url)
  c.get("/api/items", q: "a b")
  c.post("/api/items", { name: "cup" }.to_json, "Content-Type" => "application/json")
  c.post("/api/items", "name=cup")
  c.post("/api/items")
  c.delete("/api/items/1")
end
