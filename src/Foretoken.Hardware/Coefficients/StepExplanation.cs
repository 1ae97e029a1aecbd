using System.Globalization;
using Foretoken.Hardware.StepTime;

namespace Foretoken.Hardware.Coefficients;

/// <summary>A part of a step's time.</summary>
/// <param name="Name">Operator or overhead.</param>
/// <param name="Count">How often it runs in the step.</param>
/// <param name="Us">Microseconds of all of them.</param>
/// <param name="Layers">Kind of the layers that it belongs to; empty outside of layers.</param>
public sealed record StepTimeLine(string Name, int Count, double Us, string Layers = "");

/// <summary>Cuts a step's time into its operators.</summary>
internal static class StepExplanation
{
    /// <summary>The lines; they add up to the total.</summary>
    /// <param name="cost">The operators.</param>
    /// <param name="batch">The step.</param>
    /// <param name="total">Its time, us.</param>
    /// <param name="ranks">Attention-data-parallel ranks.</param>
    /// <param name="graphed">Whether the step replays a CUDA graph.</param>
    /// <param name="pipelined">Whether there are pipeline stages.</param>
    /// <param name="factor">The deployment's factor on every step.</param>
    public static IReadOnlyList<StepTimeLine> Of(StepCost cost, in StepBatch batch, double total, int ranks, bool graphed, bool pipelined, double factor = 1)
    {
        var lines = new List<StepTimeLine>();
        var fresh = 0;
        var sampled = batch.DecodeRequests + batch.DraftTokens;
        foreach (var chunk in batch.Prefills)
        {
            fresh += chunk.NewTokens;
            sampled += chunk.Completes ? 1 : 0;
        }

        var decoding = batch.DecodeRequests + batch.DraftTokens;
        var tokens = fresh + decoding;
        var computed = graphed || fresh == 0 ? cost.Graphs.Padded(tokens) : tokens;
        var group = batch.GroupTokens > 0 ? batch.GroupTokens : (fresh == 0 ? computed : tokens) * ranks;
        foreach (var layer in cost.Layers)
        {
            foreach (var (name, product) in layer.Products)
            {
                lines.Add(new($"{name} {product.N:0} x {product.K:0}", layer.Count, layer.Count * product.Us(computed), layer.Name));
            }

            var attention = layer.Mixer.Decode(batch.DecodeRequests, batch.DecodeContextTokens, batch.DecodeRequests == 0 ? 1 : (double)decoding / batch.DecodeRequests);
            Add("attention, decode", attention, layer.Count, layer.Name);
            Add("attention, prompt", layer.Mixer.Context(batch.Prefills, 1, exact: true) * cost.PromptAttentionScale, layer.Count, layer.Name);
            var exchange = layer.ExchangeUs(group, fresh > 0);
            Add("routed experts", layer.ExpertsUs(group, fresh > 0) - exchange, layer.Count, layer.Name);
            Add("tokens to their experts and back", exchange, layer.Count, layer.Name);
            Add("all-reduce", layer.ReduceUs(computed, graphed), layer.Count, layer.Name);
            Add("norms and other small kernels", layer.SmallUs(computed), layer.Count, layer.Name);
        }

        Add("all-reduce of the embedding", cost.EmbeddingReduceUs(computed, graphed), 1);
        var layers = lines.Sum(l => l.Us);
        var head = cost.HeadUs(sampled);
        var drafting = cost.Draft?.Us(batch.DecodeRequests, batch.DecodeContextTokens, ranks) ?? 0;
        Add("head and logits", head, 1);
        Add("drafting", drafting, 1);
        if (pipelined || (fresh > 0 && batch.DecodeRequests > 0))
        {
            Add(pipelined ? "pipeline stages at once, host, calibration" : "host, launches, calibration", total - lines.Sum(l => l.Us), 1);
            return lines;
        }

        // The same terms in the same order as the step's time.
        if (fresh > 0)
        {
            Add(Scaled("kernels of prompts", cost.PrefillFactor), layers * (cost.PrefillFactor - 1), 1);
            layers *= cost.PrefillFactor;
            var wait = graphed ? 0 : Math.Max(0, cost.LaunchUs - layers);
            Add("waiting for launches", wait, 1);
            layers += wait;
        }

        var gpu = layers + head + drafting;
        var step = cost.WithHost(gpu, batch.DecodeRequests);
        Add("host", step - gpu, 1);
        var scale = factor * (fresh == 0 ? cost.DecodeScale : cost.PrefillScale);
        Add(Scaled("calibration", scale), step * (scale - 1), 1);

        // What is left is the tabulation's error: at most a thousandth of the step.
        Add("interpolation", total - lines.Sum(l => l.Us), 1);
        return lines;

        static string Scaled(string name, double factor) => string.Create(CultureInfo.InvariantCulture, $"{name}, x {factor:0.###}");

        void Add(string name, double us, int count, string layers = "")
        {
            if (Math.Abs(us * count) >= 1e-9)
            {
                lines.Add(new(name, count, us * count, layers));
            }
        }
    }
}
