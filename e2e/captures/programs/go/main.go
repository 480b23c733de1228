// Command shop is a small shop on the server that its argument names, or a client.
package main

import (
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/gin-gonic/gin"
	chi "github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/gofiber/fiber/v2"
	"github.com/labstack/echo/v4"
)

func main() {
	at, work := "127.0.0.1:"+os.Getenv("PORT"), os.Getenv("WORK")
	switch os.Args[1] {
	case "nethttp":
		mux := http.NewServeMux()
		mux.Handle("/", http.FileServer(http.Dir(work)))
		mux.HandleFunc("GET /api/items", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`[{"id":1}]`)) })
		mux.HandleFunc("DELETE /api/items/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
		mux.HandleFunc("GET /error", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "shop is closed", 500) })
		mux.Handle("GET /redirect", http.RedirectHandler("/api/items", 302))
		log.Fatal(http.ListenAndServe(at, mux))
	case "gin":
		gin.SetMode(gin.ReleaseMode)
		g := gin.New()
		g.Use(gin.CustomRecovery(func(c *gin.Context, _ any) { c.AbortWithStatus(500) }))
		g.GET("/api/items", func(c *gin.Context) { c.JSON(200, []gin.H{{"id": 1}}) })
		g.POST("/api/items", func(c *gin.Context) {
			var item struct {
				Name string `json:"name" form:"name" binding:"required"`
			}
			if err := c.ShouldBind(&item); err != nil {
				c.JSON(400, gin.H{"error": err.Error()})
				return
			}
			c.JSON(201, gin.H{"id": 7})
		})
		g.DELETE("/api/items/:id", func(c *gin.Context) { c.Status(204) })
		g.GET("/private", gin.BasicAuth(gin.Accounts{"ann": "secret"}), func(c *gin.Context) { c.String(200, "ok") })
		g.GET("/error", func(*gin.Context) { panic("shop is closed") })
		g.GET("/redirect", func(c *gin.Context) { c.Redirect(302, "/api/items") })
		g.GET("/cookie", func(c *gin.Context) { c.SetCookie("lang", "de", 0, "/", "", false, true); c.String(200, "ok") })
		g.StaticFile("/a.txt", work+"/a.txt")
		log.Fatal(g.Run(at))
	case "echo":
		e := echo.New()
		e.HideBanner, e.HidePort = true, true
		e.GET("/api/items", func(c echo.Context) error { return c.JSON(200, []echo.Map{{"id": 1}}) })
		e.POST("/api/items", func(c echo.Context) error {
			var item struct {
				Name string `json:"name" form:"name"`
			}
			if err := c.Bind(&item); err != nil {
				return err
			}
			return c.JSON(201, echo.Map{"id": 7})
		})
		e.DELETE("/api/items/:id", func(c echo.Context) error { return c.NoContent(204) })
		e.GET("/error", func(echo.Context) error { return echo.NewHTTPError(500, "shop is closed") })
		e.GET("/redirect", func(c echo.Context) error { return c.Redirect(302, "/api/items") })
		e.Static("/", work)
		log.Fatal(e.Start(at))
	case "chi":
		r := chi.NewRouter()
		r.Use(middleware.Recoverer, middleware.Compress(5))
		r.Get("/api/items", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(`[{"id":1}]`))
		})
		r.Delete("/api/items/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
		r.With(middleware.BasicAuth("shop", map[string]string{"ann": "secret"})).Get("/private", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok")) })
		r.Get("/error", func(http.ResponseWriter, *http.Request) { panic("shop is closed") })
		r.Handle("/*", http.FileServer(http.Dir(work)))
		log.SetOutput(os.Stderr)
		log.Fatal(http.ListenAndServe(at, r))
	case "fiber":
		f := fiber.New(fiber.Config{DisableStartupMessage: true})
		f.Get("/api/items", func(c *fiber.Ctx) error { return c.JSON([]fiber.Map{{"id": 1}}) })
		f.Post("/api/items", func(c *fiber.Ctx) error {
			var item struct {
				Name string `json:"name" form:"name"`
			}
			if err := c.BodyParser(&item); err != nil {
				return err
			}
			return c.Status(201).JSON(fiber.Map{"id": 7})
		})
		f.Delete("/api/items/:id", func(c *fiber.Ctx) error { return c.SendStatus(204) })
		f.Get("/error", func(*fiber.Ctx) error { return fiber.NewError(500, "shop is closed") })
		f.Get("/redirect", func(c *fiber.Ctx) error { return c.Redirect("/api/items") })
		f.Get("/cookie", func(c *fiber.Ctx) error {
			c.Cookie(&fiber.Cookie{Name: "lang", Value: "de"})
			return c.SendString("ok")
		})
		f.Static("/", work)
		log.Fatal(f.Listen(at))
	case "client":
		ask(os.Args[2])
	}
}

// ask does with net/http what the other clients do.
func ask(base string) {
	done := func(r *http.Response, err error) {
		if err != nil {
			log.Fatal(err)
		}
		r.Body.Close()
	}
	done(http.Get(base + "/api/items"))
	done(http.Post(base+"/api/items", "application/json", strings.NewReader(`{"name":"cup"}`)))
	done(http.PostForm(base+"/api/items", url.Values{"name": {"cup"}}))
	done(http.Post(base+"/api/items", "", nil))
	done(http.Get(base + "/redirect"))
	r, _ := http.NewRequest("DELETE", base+"/api/items/1", nil)
	done(http.DefaultClient.Do(r))
	done(http.Get(base + "/api/items/404"))
}
