using System.Globalization;
using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Documents;
using Foretoken.Deploy.Flags;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Targets;

/// <summary>An engine's own server: program, flags, the sides of a divided deployment, and TensorRT-LLM's options file.</summary>
internal sealed record Server
{
    /// <summary>Port of SGLang's bootstrap server, where decode servers ask prefill servers.</summary>
    public const int BootstrapPort = 8998;

    /// <summary>Port of vLLM's NIXL side channel; ranks count from it.</summary>
    public const int SideChannelPort = 5600;

    private static readonly (string Option, string Flag)[] TrtLlmFlags =
    [
        ("tensor_parallel_size", "--tp_size"), ("pipeline_parallel_size", "--pp_size"), ("moe_expert_parallel_size", "--ep_size"),
        ("max_batch_size", "--max_batch_size"), ("max_num_tokens", "--max_num_tokens"), ("max_seq_len", "--max_seq_len"),
    ];

    /// <summary>The program with its model: <c>vllm serve MODEL</c>.</summary>
    public required IReadOnlyList<Argument> Program { get; init; }

    /// <summary>Its flags.</summary>
    public required IReadOnlyList<Argument> Arguments { get; init; }

    /// <summary>TensorRT-LLM's options file; null for none.</summary>
    public MapNode? Options { get; init; }

    /// <summary>Port on which it answers.</summary>
    public required int Port { get; init; }

    /// <summary>All words after the program's own.</summary>
    public IEnumerable<string> Words => Arguments.SelectMany(a => a.Words);

    /// <summary>The image that holds the engine.</summary>
    public static (string Repository, string Tag) Image(DeployedPool pool)
    {
        var version = pool.VersionText;
        return pool.Engine switch
        {
            EngineKind.Sglang => ("lmsysorg/sglang", version.Length == 0 ? "latest" : "v" + version),
            EngineKind.TensorRtLlm => ("nvcr.io/nvidia/tensorrt-llm/release", version.Length == 0 ? "latest" : version),
            _ when pool.Gpu.Vendor == "AMD" => ("vllm/vllm-openai-rocm", version.Length == 0 ? "latest" : "v" + version),
            _ => ("vllm/vllm-openai", version.Length == 0 ? "latest" : "v" + version),
        };
    }

    /// <summary>The server of a pool.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="optionsPath">Where TensorRT-LLM's options file will be.</param>
    /// <param name="notes">Takes what the engine has no flag for.</param>
    public static Server Of(DeployedPool pool, string optionsPath, TargetNotes notes)
    {
        var launch = Launched(pool, notes);
        var port = pool.Engine == EngineKind.Sglang ? 30000 : 8000;
        var arguments = new List<Argument>(launch.Arguments);
        var options = launch.Options;
        if (options is not null)
        {
            foreach (var (option, flag) in TrtLlmFlags)
            {
                if (options.Find(option) is ScalarNode value)
                {
                    arguments.Add(new Argument(flag, value.Text));
                }
            }

            options = new MapNode([.. options.Entries.Where(e => !TrtLlmFlags.Any(f => f.Option == e.Key))], options.Origin);
            arguments.Add(new Argument("--extra_llm_api_options", optionsPath));
        }

        arguments.AddRange(Divided(pool, notes));
        return new Server
        {
            Program = pool.Engine switch
            {
                EngineKind.Sglang => [new Argument("python3"), new Argument("-m", "sglang.launch_server"), new Argument("--model-path", pool.Model)],
                EngineKind.TensorRtLlm => [new Argument("trtllm-serve", pool.Model)],
                _ => [new Argument("vllm"), new Argument("serve", pool.Model)],
            },
            Arguments = arguments,
            Options = options,
            Port = port,
        };
    }

    /// <summary>The engine's flags, notes and problems taken.</summary>
    public static Launch Launched(DeployedPool pool, TargetNotes notes)
    {
        var launch = EngineFlagsOf.Engine(pool.Engine).Write(pool);
        notes.Note(pool.Notes.Concat(launch.Notes).Select(n => $"pool {pool.Name}: {n}"));
        foreach (var problem in launch.Problems)
        {
            notes.Wrong(problem);
        }

        return launch;
    }

    /// <summary>The connector with which vLLM hands KV over.</summary>
    public static string VllmTransfer => JsonText.Write(Tree.Texts(("kv_connector", "NixlConnector"), ("kv_role", "kv_both")));

    /// <summary>Flags that make a server one side of a divided deployment.</summary>
    public static IReadOnlyList<Argument> Divided(DeployedPool pool, TargetNotes notes)
    {
        if (pool.Role == PoolRole.Aggregated || pool.Engine == EngineKind.TensorRtLlm)
        {
            return [];
        }

        var (oldest, what) = pool.Engine == EngineKind.Sglang ? (new EngineVersion(0, 4, 7), "--disaggregation-mode") : (new EngineVersion(0, 9, 0), "the NixlConnector");
        if (pool.Version.IsBefore(oldest))
        {
            notes.Wrong(new Problem($"pool {pool.Name}", $"needs {what}, which is written for {pool.EngineName} {oldest} and newer; this is {pool.Version}", $"engine.version: {oldest} or newer"));
        }

        if (pool.Engine != EngineKind.Sglang)
        {
            return [new Argument("--kv-transfer-config", VllmTransfer)];
        }

        var mode = new Argument("--disaggregation-mode", pool.Role == PoolRole.Prefill ? "prefill" : "decode");
        var backend = new Argument("--disaggregation-transfer-backend", "nixl");
        return pool.Role == PoolRole.Prefill
            ? [mode, backend, new Argument("--disaggregation-bootstrap-port", BootstrapPort.ToString(CultureInfo.InvariantCulture))]
            : [mode, backend];
    }
}
