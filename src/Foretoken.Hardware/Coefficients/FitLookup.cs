using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;

namespace Foretoken.Hardware.Coefficients;

/// <summary>
/// Finds the fit that comes closest to what is asked for: the same system and backend, else another backend on it, else
/// a system of the same architecture, else the generic set. Says in <see cref="Notes"/> whatever it had to replace.
/// Efficiencies are taken over; peaks are always the GPU's own.
/// </summary>
internal sealed class FitLookup
{
    private static readonly string[] Backends = ["trtllm", "sglang", "vllm"];

    // Number formats that run on the same units in about the same way.
    private static readonly Dictionary<string, string[]> Kin = new()
    {
        ["int8"] = ["fp8"],
        ["mxfp8"] = ["fp8_block", "fp8"],
        ["fp8"] = ["fp8_block"],
        ["fp8_block"] = ["fp8"],
        ["int4_wo"] = ["w4a16_mxfp4", "bfloat16"],
        ["w4a16_mxfp4"] = ["int4_wo", "bfloat16"],
        ["w4a8_mxfp4_mxfp8"] = ["nvfp4", "fp8"],
        ["nvfp4"] = ["w4a8_mxfp4_mxfp8", "fp8"],
    };

    private readonly CoefficientStore _store = CoefficientStore.BuiltIn;
    private readonly List<string> _notes = [];
    private readonly string _system;
    private readonly string[] _chain;
    private readonly string _backend;

    public FitLookup(Gpu gpu, EngineKind engine)
    {
        _backend = Backend(engine);
        var own = _store.Figures(gpu.Name);
        _system = own is not null ? gpu.Name : Sibling(gpu.Name) ?? Generic;
        Figures = own ?? SystemFigures.Of(gpu);
        IsGeneric = own is null;
        if (IsGeneric)
        {
            _notes.Add(Sibling(gpu.Name) is { } sibling
                ? $"{gpu.Title} has no coefficients of its own: those of {sibling}, scaled by datasheet peaks"
                : $"{gpu.Title} has no coefficients of its own: the generic set (fitted on {Generic}), scaled by datasheet peaks; never checked against measurements of this GPU");
        }

        _chain = own is null && Sibling(gpu.Name) is null
            ? [Generic, "b200-sxm"]
            : [.. new[] { _system }.Concat(Relatives(_system)).Concat([Generic, "b200-sxm"]).Distinct()];
    }

    /// <summary>Without fits of its own: NVIDIA's H100, the best covered one.</summary>
    public const string Generic = "h100-sxm";

    /// <summary>Peaks of the GPU.</summary>
    public SystemFigures Figures { get; }

    /// <summary>Whether the GPU has no fits of its own.</summary>
    public bool IsGeneric { get; }

    /// <summary>What was replaced, in sentences.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Name of an engine in the tables.</summary>
    public static string Backend(EngineKind engine) => engine switch { EngineKind.Vllm => "vllm", EngineKind.Sglang => "sglang", _ => "trtllm" };

    /// <summary>The closest fit; there is always one, since the generic set covers every operator.</summary>
    public T Find<T>(string table, string dtype, string what)
        where T : class
    {
        foreach (var format in Kin.GetValueOrDefault(dtype, []).Prepend(dtype).Append("bfloat16").Distinct())
        {
            foreach (var system in _chain)
            {
                // The generic set is TensorRT-LLM's: measured kernels without an engine's overhead.
                foreach (var backend in (IsGeneric ? Backends : Backends.Prepend(_backend)).Distinct())
                {
                    // Another number format of the own system goes before another system only where nothing has the format.
                    if (_store.Find<T>(table, system, backend, format) is { } fit)
                    {
                        Tell(what, dtype, format, system, backend);
                        return fit;
                    }
                }
            }
        }

        throw new InvalidOperationException($"the built-in coefficients lack {table} in {dtype}");
    }

    /// <summary>The closest collective, and over how many ranks it was measured.</summary>
    public (CollectiveFit Fit, int Ranks) Collective(string operation, int ranks, bool custom)
    {
        foreach (var system in _chain)
        {
            foreach (var library in custom ? new[] { _backend, "nccl" } : ["nccl"])
            {
                foreach (var measured in new[] { ranks, ranks <= 2 ? 2 : ranks <= 4 ? 4 : 8, 4, 2 })
                {
                    if (_store.Find<CollectiveFit>("collectives", system, library, CoefficientStore.Collective(operation, measured)) is { } fit)
                    {
                        if (measured != ranks)
                        {
                            Note($"{operation} over {ranks} ranks: taken from {measured} ranks");
                        }

                        return (fit, measured);
                    }
                }
            }
        }

        throw new InvalidOperationException($"the built-in coefficients lack {operation}");
    }

    /// <summary>One way of DeepEP's low-latency kernels on the closest system.</summary>
    /// <param name="way">dispatch or combine.</param>
    public ExchangeFit LowLatency(string way) => _chain.Select(system => _store.Find<ExchangeFit>("exchange", system, "deepep", way)).First(fit => fit is not null)!;

    /// <summary>The closest fit of experts among those of one engine, whichever engine asks.</summary>
    public ExpertFit Experts(string backend, string dtype, IEnumerable<string> systems) =>
        systems.Select(system => _store.Find<ExpertFit>("moe", system, backend, dtype)).First(fit => fit is not null)!;

    /// <summary>The GPU's own tables, then those of the closest ones.</summary>
    public IReadOnlyList<string> Systems => _chain;

    /// <summary>Adds a remark, once.</summary>
    public void Note(string text)
    {
        if (!_notes.Contains(text))
        {
            _notes.Add(text);
        }
    }

    /// <summary>Looks something up of which nobody needs to know what was replaced.</summary>
    public T Silently<T>(Func<T> look)
    {
        var before = _notes.Count;
        var found = look();
        _notes.RemoveRange(before, _notes.Count - before);
        return found;
    }

    private void Tell(string what, string dtype, string format, string system, string backend)
    {
        if (!IsGeneric && (format != dtype || system != _system || backend != _backend))
        {
            Note($"{what} in {dtype}: no fit for {_backend} on {_system}; taken from {backend} on {system}" + (format == dtype ? "" : $" in {format}"));
        }
    }

    private static string? Sibling(string gpu) => gpu switch
    {
        "h100-pcie" => "h100-sxm",
        "a100-40gb-sxm" or "a100-80gb-pcie" => "a100-80gb-sxm",
        "l4" => "l40s",
        _ => null,
    };

    private static string[] Relatives(string system) => system switch
    {
        "h100-sxm" => ["h200-sxm"],
        "h200-sxm" => ["h100-sxm"],
        "b200-sxm" => ["b300-sxm", "gb200"],
        "b300-sxm" => ["b200-sxm", "gb300"],
        "gb200" => ["b200-sxm", "gb300"],
        "gb300" => ["b300-sxm", "gb200"],
        "rtx-pro-6000" => ["b200-sxm"],
        _ => [],
    };
}
