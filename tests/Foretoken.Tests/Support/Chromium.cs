using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Foretoken.Tests.Support;

/// <summary>
/// A real headless Chromium, driven over its debugging protocol: one page, network off. Collects what the page complains
/// about.
/// </summary>
public sealed partial class Chromium : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ClientWebSocket _socket = new();
    private readonly TemporaryFolder _profile;
    private readonly List<string> _complaints = [];
    private string? _session;
    private int _lastId;
    private bool _loaded;

    private Chromium(Process process, TemporaryFolder profile)
    {
        _process = process;
        _profile = profile;
    }

    /// <summary>Errors and warnings that the page wrote to the console, exceptions, and what it asked the network for.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    /// <summary>Starts the browser; null where none is installed.</summary>
    public static async Task<Chromium?> TryStartAsync()
    {
        var path = new[] { Environment.GetEnvironmentVariable("CHROMIUM"), "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists);
        if (path is null)
        {
            return null;
        }

        var profile = new TemporaryFolder();
        var start = new ProcessStartInfo(path) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in new[]
        {
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--disable-extensions", "--hide-scrollbars", "--remote-debugging-port=0", $"--user-data-dir={profile.Path}", "about:blank",
        })
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        var browser = new Chromium(process, profile);
        try
        {
            await browser.ConnectAsync();
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    private async Task ConnectAsync()
    {
        var listening = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, e) =>
        {
            if (e.Data is null)
            {
                listening.TrySetException(new InvalidOperationException("Chromium ended before it listened."));
            }
            else if (ListeningLine().Match(e.Data) is { Success: true } match)
            {
                listening.TrySetResult(match.Groups[1].Value);
            }
        };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var patience = new CancellationTokenSource(Patience);
        await _socket.ConnectAsync(new Uri(await listening.Task.WaitAsync(patience.Token)), patience.Token);
        var target = await SendAsync("Target.createTarget", new JsonObject { ["url"] = "about:blank" });
        var attached = await SendAsync("Target.attachToTarget", new JsonObject { ["targetId"] = target["targetId"]!.GetValue<string>(), ["flatten"] = true });
        _session = attached["sessionId"]!.GetValue<string>();
        foreach (var domain in new[] { "Page", "Runtime", "Log", "Network" })
        {
            await SendAsync(domain + ".enable");
        }

        await SendAsync("Network.emulateNetworkConditions", new JsonObject { ["offline"] = true, ["latency"] = 0, ["downloadThroughput"] = 0, ["uploadThroughput"] = 0 });
    }

    /// <summary>Sets width, height and whether the system asks for dark colours.</summary>
    public async Task SetViewAsync(int width, int height, bool dark)
    {
        await SendAsync("Emulation.setDeviceMetricsOverride", new JsonObject { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = width < 600 });
        await SendAsync("Emulation.setEmulatedMedia", new JsonObject { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" }) });
    }

    /// <summary>Opens a file and waits until it is loaded.</summary>
    public async Task OpenAsync(string path)
    {
        _loaded = false;
        _complaints.Clear();
        await SendAsync("Page.navigate", new JsonObject { ["url"] = new Uri(path).AbsoluteUri });
        while (!_loaded)
        {
            await ReceiveAsync();
        }
    }

    /// <summary>Value of a JavaScript expression (a promise is awaited).</summary>
    public async Task<JsonNode?> EvaluateAsync(string expression)
    {
        var answer = await SendAsync("Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true });
        Assert.True(answer["exceptionDetails"] is null, answer["exceptionDetails"]?.ToJsonString());
        return answer["result"]!["value"];
    }

    /// <summary>Waits until an expression is true.</summary>
    public async Task WaitForAsync(string expression)
    {
        var clock = Stopwatch.StartNew();
        while (await EvaluateAsync(expression) is not { } value || !value.GetValue<bool>())
        {
            Assert.True(clock.Elapsed < Patience, $"never became true: {expression}");
            await Task.Delay(20);
        }
    }

    /// <summary>Moves the mouse to a place of the window.</summary>
    public Task MoveAsync(double x, double y) => Mouse("mouseMoved", x, y, 0);

    /// <summary>Clicks at a place of the window.</summary>
    public Task ClickAsync(double x, double y) => DragAsync(x, y, x, y);

    /// <summary>Presses the mouse at one place of the window, moves to another and lets go.</summary>
    public async Task DragAsync(double fromX, double fromY, double toX, double toY)
    {
        await Mouse("mouseMoved", fromX, fromY, 0);
        await Mouse("mousePressed", fromX, fromY, 1);
        for (var i = 1; i <= 5; i++)
        {
            await Mouse("mouseMoved", fromX + (toX - fromX) * i / 5, fromY + (toY - fromY) * i / 5, 1);
        }

        await Mouse("mouseReleased", toX, toY, 0);
    }

    private Task Mouse(string type, double x, double y, int buttons) =>
        SendAsync("Input.dispatchMouseEvent", new JsonObject { ["type"] = type, ["x"] = x, ["y"] = y, ["button"] = type == "mouseMoved" && buttons == 0 ? "none" : "left", ["buttons"] = buttons, ["clickCount"] = 1 });

    /// <summary>Writes a PNG of the whole page.</summary>
    public async Task ScreenshotAsync(string path)
    {
        var shot = await SendAsync("Page.captureScreenshot", new JsonObject { ["captureBeyondViewport"] = true });
        await File.WriteAllBytesAsync(path, Convert.FromBase64String(shot["data"]!.GetValue<string>()));
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                _profile.Dispose();
                return;
            }
            catch (IOException) when (attempt < 20)
            {
                // A helper process of the browser still writes its profile.
                await Task.Delay(100);
            }
        }
    }

    private async Task<JsonObject> SendAsync(string method, JsonObject? parameters = null)
    {
        var id = ++_lastId;
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] };
        if (_session is not null)
        {
            message["sessionId"] = _session;
        }

        using var patience = new CancellationTokenSource(Patience);
        await _socket.SendAsync(Encoding.UTF8.GetBytes(message.ToJsonString()), WebSocketMessageType.Text, endOfMessage: true, patience.Token);
        while (true)
        {
            var answer = await ReceiveAsync();
            if (answer["id"]?.GetValue<int>() == id)
            {
                Assert.True(answer["error"] is null, $"{method}: {answer["error"]?.ToJsonString()}");
                return answer["result"]!.AsObject();
            }
        }
    }

    private async Task<JsonObject> ReceiveAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        WebSocketReceiveResult part;
        do
        {
            part = await _socket.ReceiveAsync(buffer, patience.Token);
            bytes.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);

        var message = JsonNode.Parse(bytes.ToArray())!.AsObject();
        Note(message);
        return message;
    }

    private void Note(JsonObject message)
    {
        var method = message["method"]?.GetValue<string>();
        var about = message["params"];
        switch (method)
        {
            case "Page.loadEventFired":
                _loaded = true;
                break;
            case "Runtime.exceptionThrown":
                _complaints.Add("exception: " + about!["exceptionDetails"]!.ToJsonString());
                break;
            case "Runtime.consoleAPICalled" when about!["type"]!.GetValue<string>() is "error" or "warning" or "assert":
                _complaints.Add("console: " + about["args"]!.ToJsonString());
                break;
            // Reading pixels, which only the tests do, earns a piece of advice.
            case "Log.entryAdded" when about!["entry"]!["level"]!.GetValue<string>() is "error" or "warning" && !about["entry"]!["text"]!.GetValue<string>().Contains("willReadFrequently", StringComparison.Ordinal):
                _complaints.Add("log: " + about["entry"]!.ToJsonString());
                break;
            case "Network.requestWillBeSent" when about!["request"]!["url"]!.GetValue<string>() is var url && !url.StartsWith("file:", StringComparison.Ordinal) && !url.StartsWith("data:", StringComparison.Ordinal) && !url.StartsWith("about:", StringComparison.Ordinal):
                _complaints.Add("asks the network for " + url);
                break;
        }
    }

    /// <summary>One browser for all tests of a class. They skip visibly where no Chromium is installed.</summary>
    public sealed class Shared : IAsyncLifetime
    {
        private Chromium? _browser;

        /// <summary>The browser; skips the calling test where there is none.</summary>
        public Chromium Browser
        {
            get
            {
                Assert.SkipUnless(_browser is not null, "no Chromium on this machine (Debian: apt-get install chromium; or set CHROMIUM)");
                return _browser!;
            }
        }

        /// <inheritdoc />
        public async ValueTask InitializeAsync() => _browser = await TryStartAsync();

        /// <inheritdoc />
        public async ValueTask DisposeAsync()
        {
            if (_browser is not null)
            {
                await _browser.DisposeAsync();
            }
        }
    }

    [GeneratedRegex("DevTools listening on (ws://\\S+)")]
    private static partial Regex ListeningLine();
}
