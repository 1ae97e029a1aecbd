using System.Globalization;
using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Coefficients.Operators;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;

namespace Foretoken.Hardware.OpTables;

/// <summary>Operators from measured tables; what they lack comes from the fitted formulas, and is said.</summary>
internal sealed class TabledOperators : IOperators
{
    // As aiconfigurator looks shapes up (perf_interp/config.py): the four nearest, the first at most two octaves away.
    private const int NearShapes = 4;
    private const double FarOctaves = 2;
    private const int TailPoints = 3;

    private readonly OperatorTableSet _set;
    private readonly FitLookup _fits;
    private readonly FittedOperators _fitted;
    private readonly string _backend;
    private readonly string _version;

    public TabledOperators(OperatorTableSet set, FitLookup fits, string backend, string version)
    {
        _set = set;
        _fits = fits;
        _fitted = new FittedOperators(fits);
        _backend = backend;
        _version = version;
        var own = set.Tables.Where(t => t.Backend == backend).Select(t => t.Version).Distinct().ToList();
        if (own.Count == 0)
        {
            fits.Note($"operator tables have no {backend}, only {string.Join(", ", set.Tables.Select(t => t.Backend).Distinct())}");
        }
        else if (version.Length > 0 && !own.Contains(version))
        {
            fits.Note($"operator tables have no {backend} {version}: the nearest release of each operator ({string.Join(", ", own)})");
        }
    }

    public SystemFigures Figures => _fits.Figures;

    public double SendUs => _fitted.SendUs;

    public IProduct Product(string what, string dtype, double weightBytes, double n, double k, bool fusedQuantisation = false)
    {
        foreach (var table in Tables(OperatorKind.Gemm, _backend))
        {
            var sites = table.Grids.Where(g => g.Names[0] == dtype)
                .Select(g => (Grid: g, Distance: Octaves(g.Sizes[0], n, g.Sizes[1], k)))
                .OrderBy(s => s.Distance).ThenBy(s => s.Grid.Sizes[0]).ThenBy(s => s.Grid.Sizes[1])
                .Take(NearShapes).ToList();
            if (sites.Count == 0 || sites[0].Distance > FarOctaves)
            {
                continue;
            }

            var fit = (Gemm)_fits.Silently(() => _fitted.Product(what, dtype, weightBytes, n, k, fusedQuantisation));
            return new TabledProduct(fit,
            [
                .. sites.Take(sites[0].Distance == 0 ? 1 : NearShapes).Select(s =>
                {
                    var shape = fit with { N = s.Grid.Sizes[0], K = s.Grid.Sizes[1] };
                    return (1 / ((s.Distance * s.Distance) + 1e-12), shape, new MeasuredCurve(s.Grid.Rows[0], shape.BoundUs, squared: false, TailPoints));
                }),
            ]);
        }

        Lacks(string.Create(CultureInfo.InvariantCulture, $"{what} in {dtype} of about {n:0} x {k:0}"));
        return _fitted.Product(what, dtype, weightBytes, n, k, fusedQuantisation);
    }

    public IRoutedExperts Experts(in ExpertShape shape)
    {
        var asked = shape;
        long[] sizes = [asked.Hidden, asked.FullWidth, asked.PerToken, asked.Count, asked.Shards, asked.Groups];
        foreach (var table in Tables(OperatorKind.Experts, _backend))
        {
            var skews = table.Grids.Where(g => g.Names[0] == asked.Dtype && g.Sizes.SequenceEqual(sizes) && Skew(g.Names[1]) is not null)
                .Select(g => (Skew: Skew(g.Names[1])!.Value, Grid: g)).OrderBy(g => g.Skew).ToList();
            if (skews.Count == 0)
            {
                continue;
            }

            var fit = _fits.Silently(() => _fitted.Experts(asked));
            var (low, high, blend) = Around(skews, asked.Skew) ?? (asked.Skew <= skews[0].Skew ? (skews[0].Grid, skews[0].Grid, 0) : (skews[^1].Grid, skews[^1].Grid, 0));
            return new TabledExperts(fit, Curve(low), Curve(high), blend);

            MeasuredCurve Curve(OperatorGrid grid) => new(grid.Rows[0], fit.BoundUs, squared: false, tail: 1);
        }

        Lacks($"{asked.Count} experts of {asked.Hidden} x {asked.FullWidth}, {asked.PerToken} per token, in {asked.Dtype} over {asked.Shards} x {asked.Groups} ranks");
        return _fitted.Experts(asked);
    }

    public IDecodeAttention Generation(in HeadShape heads)
    {
        var asked = heads;
        if (Heads(OperatorKind.GenerationAttention, [[FittedOperators.KvDtype(asked.KvBytes)]], asked, anyWindow: true) is var (low, high, blend))
        {
            return Decode(_fits.Silently(() => _fitted.Generation(asked)), low, high, blend);
        }

        Lacks("attention, decode, of " + Text(asked));
        return _fitted.Generation(asked);
    }

    public IPromptAttention Context(in HeadShape heads)
    {
        var asked = heads;
        var kv = FittedOperators.KvDtype(asked.KvBytes);
        if (Heads(OperatorKind.ContextAttention, [[kv, kv], ["bfloat16", kv]], asked, anyWindow: false) is var (low, high, blend))
        {
            return Prompt(_fits.Silently(() => _fitted.Context(asked)), low, high, blend);
        }

        Lacks("attention, prompt, of " + Text(asked));
        return _fitted.Context(asked);
    }

    public IDecodeAttention LatentGeneration(in LatentShape shape)
    {
        var asked = shape;
        if (Latent(OperatorKind.LatentGeneration, [[FittedOperators.KvDtype(asked.KvBytes)]], asked) is var (low, high, blend))
        {
            return Decode(_fits.Silently(() => _fitted.LatentGeneration(asked)), low, high, blend);
        }

        Lacks(string.Create(CultureInfo.InvariantCulture, $"latent attention, decode, of {asked.Heads:0} heads"));
        return _fitted.LatentGeneration(asked);
    }

    public IPromptAttention LatentContext(in LatentShape shape)
    {
        var asked = shape;
        var kv = FittedOperators.KvDtype(asked.KvBytes);
        if (!asked.Sparse && Latent(OperatorKind.LatentContext, [[kv, kv], ["bfloat16", kv]], asked) is var (low, high, blend))
        {
            return Prompt(_fits.Silently(() => _fitted.LatentContext(asked)), low, high, blend);
        }

        Lacks(string.Create(CultureInfo.InvariantCulture, $"latent attention, prompt, of {asked.Heads:0} heads{(asked.Sparse ? " over chosen tokens" : "")}"));
        return _fitted.LatentContext(asked);
    }

    public ICollective Collective(string operation, int ranks, bool custom, int domain)
    {
        foreach (var backend in custom ? [_backend, "nccl"] : (string[])["nccl"])
        {
            foreach (var table in ranks > domain ? [] : Tables(OperatorKind.Collective, backend))
            {
                if (table.Grids.FirstOrDefault(g => g.Names[0] == operation && g.Sizes[0] == ranks) is { } grid)
                {
                    var fit = _fits.Silently(() => _fitted.Collective(operation, ranks, custom, domain));
                    return new TabledCollective(fit, new MeasuredCurve(grid.Rows[0], fit.BoundUs, squared: false, tail: 1));
                }
            }
        }

        Lacks($"{operation} over {ranks} ranks");
        return _fitted.Collective(operation, ranks, custom, domain);
    }

    public ITokenWay Way(ExpertExchange kind, bool isDispatch, bool leavesDomain) => _fitted.Way(kind, isDispatch, leavesDomain);

    public LinearAttentionKernel? Linear(double heads, double keyDim, double valueDim, double stateBytes) => _fitted.Linear(heads, keyDim, valueDim, stateBytes);

    public Indexer? Indexer(double width, double bytesPerToken, double tokensPerKey) => _fitted.Indexer(width, bytesPerToken, tokensPerKey);

    private static TabledDecodeAttention Decode(IDecodeAttention fit, OperatorGrid low, OperatorGrid high, double blend)
    {
        return new(fit, Surface(low), Surface(high), blend);

        MeasuredSurface Surface(OperatorGrid grid) => new(grid, (requests, each) => fit.BoundUs(requests, requests * each, 1), squared: false);
    }

    private static TabledPromptAttention Prompt(IPromptAttention fit, OperatorGrid low, OperatorGrid high, double blend)
    {
        return new(fit, Surface(low), Surface(high), blend);

        MeasuredSurface Surface(OperatorGrid grid) => new(grid, (batch, length) =>
        {
            var one = ContextWork.Of(length, 0, fit.Window);
            return fit.BoundUs(new ContextWork(one.Tokens * batch, one.Area * batch, one.Read * batch));
        }, squared: true);
    }

    private static string Text(in HeadShape heads) =>
        string.Create(CultureInfo.InvariantCulture, $"{heads.Heads:0} heads of {heads.Dim:0} over {heads.KvHeads:0} in {FittedOperators.KvDtype(heads.KvBytes)}{(heads.Window > 0 ? $", window {heads.Window:0}" : "")}");

    private static double? Skew(string distribution) =>
        distribution == "balanced" ? 0 : distribution.StartsWith("power_law_", StringComparison.Ordinal) && double.TryParse(distribution.AsSpan(10), CultureInfo.InvariantCulture, out var skew) ? skew : null;

    private static double Octaves(double n, double asN, double k, double asK)
    {
        var (dn, dk) = (DeterministicMath.Log(n / asN) / Log2, DeterministicMath.Log(k / asK) / Log2);
        return n == asN && k == asK ? 0 : Math.Sqrt((dn * dn) + (dk * dk));
    }

    private const double Log2 = 0.6931471805599453;

    // The two measured places around the one that is asked for; null outside of them.
    private static (OperatorGrid Low, OperatorGrid High, double Blend)? Around(List<(double At, OperatorGrid Grid)> places, double at)
    {
        for (var i = 0; i < places.Count; i++)
        {
            if (places[i].At == at)
            {
                return (places[i].Grid, places[i].Grid, 0);
            }

            if (i > 0 && places[i - 1].At < at && at < places[i].At)
            {
                return (places[i - 1].Grid, places[i].Grid, (at - places[i - 1].At) / (places[i].At - places[i - 1].At));
            }
        }

        return null;
    }

    // Decoding reads what a window leaves of the context whichever kernel runs; a prompt's kernel skips tiles, or does not.
    private (OperatorGrid Low, OperatorGrid High, double Blend)? Heads(OperatorKind kind, string[][] formats, HeadShape asked, bool anyWindow)
    {
        foreach (var window in anyWindow && asked.Window > 0 ? [asked.Window, 0] : (double[])[asked.Window])
        {
            foreach (var table in Tables(kind, _backend))
            {
                foreach (var format in formats)
                {
                    var places = table.Grids
                        .Where(g => g.Names.SequenceEqual(format) && g.Sizes[0] == asked.Dim && g.Sizes[1] == window && g.Sizes[3] == asked.KvHeads)
                        .Select(g => ((double)g.Sizes[2], g)).OrderBy(p => p.Item1).ToList();
                    if (Around(places, asked.Heads) is { } found)
                    {
                        return found;
                    }
                }
            }
        }

        return null;
    }

    // Tables are of DeepSeek's geometry: entries of 512 and 64 numbers.
    private (OperatorGrid Low, OperatorGrid High, double Blend)? Latent(OperatorKind kind, string[][] formats, LatentShape asked)
    {
        foreach (var table in asked.KeyDim == 576 ? Tables(kind, _backend) : [])
        {
            foreach (var format in formats)
            {
                var places = table.Grids.Where(g => g.Names.SequenceEqual(format)).Select(g => ((double)g.Sizes[0], g)).OrderBy(p => p.Item1).ToList();
                if (Around(places, asked.Heads) is { } found)
                {
                    return found;
                }
            }
        }

        return null;
    }

    // The release itself or the newest before it, then later ones.
    private IEnumerable<OperatorTable> Tables(OperatorKind kind, string backend)
    {
        var all = _set.Tables.Where(t => t.Kind == kind && t.Backend == backend)
            .Select(t => (Table: t, Release: EngineVersion.Parse(t.Version) ?? EngineVersion.Newest))
            .OrderBy(t => (t.Release.Major, t.Release.Minor, t.Release.Patch)).ThenBy(t => t.Table.Version, StringComparer.Ordinal).ToList();
        var wanted = EngineVersion.Parse(_version) ?? EngineVersion.Newest;
        var before = all.FindLastIndex(t => backend != _backend || !wanted.IsBefore(t.Release));
        for (var i = before; i >= 0; i--)
        {
            yield return all[i].Table;
        }

        for (var i = before + 1; i < all.Count; i++)
        {
            yield return all[i].Table;
        }
    }

    private void Lacks(string what) => _fits.Note($"operator tables lack {what}: coefficients");
}
