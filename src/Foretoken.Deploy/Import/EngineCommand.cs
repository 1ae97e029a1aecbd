using Foretoken.Deploy.Flags;
using Foretoken.Hardware.Memory;

namespace Foretoken.Deploy.Import;

/// <summary>An engine's command line, as far as it describes a pool.</summary>
internal static class EngineCommand
{
    // What changes nothing about speed or memory.
    private static readonly string[] WithValue =
    [
        "--host", "--port", "--served-model-name", "--api-key", "--download-dir", "--seed", "--random-seed", "--log-level", "--chat-template", "--reasoning-parser", "--tool-call-parser", "--tokenizer",
        "--tokenizer-path", "--tokenizer-mode", "--uvicorn-log-level", "--log-requests-level", "--kv-events-config", "--hf-token", "--revision", "--load-format", "--served_model_name", "--generation-config",
    ];

    private static readonly string[] Switches =
    [
        "--trust-remote-code", "--disable-log-requests", "--no-enable-log-requests", "--enable-log-requests", "--enable-metrics", "--enable-auto-tool-choice", "--skip-tokenizer-init", "--publish-events-and-metrics",
        "--disable-log-stats", "--enable-cache-report", "--enable-prompt-tokens-details", "--log-requests",
    ];

    /// <summary>The pool that a command line starts.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="arguments">The words after the program.</param>
    /// <param name="place">Where it stands.</param>
    /// <param name="context">Warnings and files.</param>
    /// <param name="port">The port on which it answers; empty when it does not say.</param>
    public static ReadPool Read(EngineKind engine, IReadOnlyList<ShellWord> arguments, string place, ImportContext context, out string port)
    {
        var words = new CommandWords(arguments, context);
        var pool = new ReadPool { Place = place, Engine = engine };
        port = words.Take("--port") ?? "";
        foreach (var flag in WithValue)
        {
            words.Take(flag);
        }

        foreach (var flag in Switches)
        {
            words.TakeSwitch([flag]);
        }

        if (words.TakeSwitch(["--is-prefill-worker"]) == true)
        {
            (pool.IsDivided, pool.Role) = (true, Twin.PoolRole.Prefill);
        }

        if (words.TakeSwitch(["--is-decode-worker"]) == true)
        {
            (pool.IsDivided, pool.Role) = (true, Twin.PoolRole.Decode);
        }

        if (engine == EngineKind.Vllm && words.Take("--disaggregation-mode") is { } mode && mode is "prefill" or "decode")
        {
            (pool.IsDivided, pool.Role) = (true, mode == "prefill" ? Twin.PoolRole.Prefill : Twin.PoolRole.Decode);
        }

        if (words.Take("--dtype") is { } type && type is not ("auto" or "bfloat16" or "half" or "float16"))
        {
            words.Warn($"--dtype {type} is not understood");
        }

        if (words.Take("--quantization", "-q") is { } format)
        {
            pool.Facts["weights"] = format;
        }

        EngineFlagsOf.Engine(engine).Read(words, pool);
        pool.Model = words.Take("--model", "--model-path", "--model_path", "-m") ?? words.TakeBare();
        words.WarnOfTheRest();
        return pool;
    }

    /// <summary>The engine of an image and its release, or null; the release is null where the tag says none.</summary>
    public static (EngineKind Engine, string? Version)? OfImage(string image)
    {
        var colon = image.LastIndexOf(':');
        var (name, tag) = colon > image.LastIndexOf('/') ? (image[..colon], image[(colon + 1)..]) : (image, "");
        EngineKind? engine = name.Contains("sglang", StringComparison.Ordinal) ? EngineKind.Sglang
            : name.Contains("tensorrt", StringComparison.Ordinal) || name.Contains("trtllm", StringComparison.Ordinal) ? EngineKind.TensorRtLlm
            : name.Contains("vllm", StringComparison.Ordinal) ? EngineKind.Vllm
            : null;
        return engine is null ? null : (engine.Value, IsRelease(name, tag) ? Release(tag) : null);
    }

    // Dynamo's images carry Dynamo's release, llm-d's llm-d's.
    private static bool IsRelease(string name, string tag) =>
        tag.Length > 0 && !name.Contains("ai-dynamo", StringComparison.Ordinal) && !name.Contains("llm-d", StringComparison.Ordinal) && char.IsAsciiDigit(tag.TrimStart('v').FirstOrDefault()) && tag.Contains('.', StringComparison.Ordinal);

    // v0.5.5-cu129 is 0.5.5.
    private static string Release(string tag) => tag.TrimStart('v').Split('-')[0];
}
