using System.Text.Json;

namespace Foretoken.Hardware.Coefficients;

/// <summary>The built-in coefficients: every fit by table, system, backend and number format.</summary>
internal sealed class CoefficientStore
{
    private readonly Dictionary<string, Dictionary<(string System, string Backend, string Dtype), object>> _tables = [];
    private readonly Dictionary<string, SystemFigures> _systems = [];
    private readonly Dictionary<string, double> _weightBytes = [];

    private CoefficientStore()
    {
        using var document = Catalogue.Embedded("coefficients.json");
        var root = document.RootElement;
        foreach (var s in root.GetProperty("systems").EnumerateArray())
        {
            double Of(string key) => s.GetProperty(key).GetDouble();
            _systems[s.GetProperty("system").GetString()!] = new SystemFigures(
                Of("bandwidth_gbs") * 1e3, Of("bfloat16_tflops") * 1e6, Of("fp8_tflops") * 1e6, Of("nvfp4_tflops") * 1e6, Of("sms"), Of("link_gbs") * 1e3, Of("nic_gbs") * 1e3);
        }

        foreach (var pair in root.GetProperty("weight_bytes").EnumerateObject())
        {
            _weightBytes[pair.Name] = pair.Value.GetDouble();
        }

        Read(root, "gemm", v => new GemmFit(v("eff_c"), v("eff_m"), v("t0_us"), v("m_half"), v("n_half"), v("k_half"), v("q"), v("wave_exp"), v("under_exp"), v("quant_bytes")));
        Read(root, "moe", v => new ExpertFit(v("eff_c"), v("eff_m"), v("t0_us"), v("pad_tokens"), v("i_half"), v("q"), v("activation_bytes"), v("us_per_expert"), v("imbalance_101"), v("imbalance_12"), v("active_101"), v("active_12"), v("us_per_log2_tokens")));
        Read(root, "attention_context", v => new ContextFit(v("eff_c"), v("eff_m"), v("t0_us"), v("length_pad"), v("narrow_head"), v("q"), v("under_exp"), v("window_pad")));
        Read(root, "attention_generation", v => new GenerationFit(v("eff_m"), v("t0_us"), v("us_per_wave"), v("eff_c"), v("q"), v("half_mb"), v("fp8_factor"), v("length_pad")));
        Read(root, "mla_generation", v => new LatentGenerationFit(v("eff_m"), v("eff_c"), v("t0_us"), v("q"), v("half_mb")));
        Read(root, "mla_context", v => new LatentContextFit(v("eff_c"), v("eff_m"), v("t0_us"), v("length_pad"), v("under_exp")));
        Read(root, "exchange", v => new ExchangeFit(v("t0_us"), v("eff")));
        var collectives = Table("collectives");
        foreach (var c in root.GetProperty("collectives").EnumerateArray())
        {
            double Of(string key) => c.GetProperty(key).GetDouble();
            collectives[(c.GetProperty("system").GetString()!, c.GetProperty("library").GetString()!, Collective(c.GetProperty("operation").GetString()!, c.GetProperty("ranks").GetInt32()))] =
                new CollectiveFit(Of("t0_us"), Of("eff"), Of("us_per_sqrt_kb"), Of("q"));
        }
    }

    /// <summary>The one set, read on first use.</summary>
    public static CoefficientStore BuiltIn { get; } = new();

    /// <summary>Systems with fits of their own.</summary>
    public IEnumerable<string> Systems => _systems.Keys;

    /// <summary>Peaks that the fits of a system refer to; null when it has none.</summary>
    public SystemFigures? Figures(string system) => _systems.GetValueOrDefault(system);

    /// <summary>Bytes per weight of a format; null when it is not known.</summary>
    public double? WeightBytes(string dtype) => _weightBytes.TryGetValue(dtype, out var bytes) ? bytes : null;

    /// <summary>Key of a collective in its table.</summary>
    public static string Collective(string operation, int ranks) => FormattableString.Invariant($"{operation}/{ranks}");

    /// <summary>One fit exactly as asked for, or null.</summary>
    public T? Find<T>(string table, string system, string backend, string dtype)
        where T : class => (T?)_tables[table].GetValueOrDefault((system, backend, dtype));

    private Dictionary<(string, string, string), object> Table(string name) => _tables[name] = [];

    private void Read(JsonElement root, string name, Func<Func<string, double>, object> make)
    {
        var table = Table(name);
        foreach (var entry in root.GetProperty(name).EnumerateArray())
        {
            var dtype = entry.TryGetProperty("dtype", out var given) ? given.GetString()! : "";
            table[(entry.GetProperty("system").GetString()!, entry.GetProperty("backend").GetString()!, dtype)] = make(key => entry.GetProperty(key).GetDouble());
        }
    }
}
