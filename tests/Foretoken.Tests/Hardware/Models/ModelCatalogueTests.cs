using System.Globalization;
using Foretoken.Hardware.Models;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Hardware.Models;

public class ModelCatalogueTests
{
    [Fact]
    public void BuiltIn_EveryModel_IsFoundByAllItsNames()
    {
        Assert.Equal(32, ModelCatalogue.BuiltIn.All.Count);
        foreach (var entry in ModelCatalogue.BuiltIn.All)
        {
            foreach (var name in entry.Also.Prepend(entry.Name))
            {
                Assert.Same(entry, ModelCatalogue.BuiltIn.Find(name));
                Assert.Same(entry, ModelCatalogue.BuiltIn.Find(name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..].ToUpperInvariant()));
            }
        }
    }

    [Fact]
    public void BuiltIn_Parameters_AreThosePublished()
    {
        // Published figures that count more than the text model without its MTP layers, with what they count.
        var other = new Dictionary<string, double>
        {
            ["meta-llama/Llama-4-Scout-17B-16E-Instruct"] = 0.012, // with the vision encoder
            ["moonshotai/Kimi-K2-Instruct"] = 0.014, // "1.04 T"; the checkpoint itself has 1,026 B
            ["moonshotai/Kimi-K2.5"] = 0.014,
        };
        foreach (var entry in ModelCatalogue.BuiltIn.All)
        {
            // "1.6 T" of DeepSeek V4-Pro counts its MTP layer.
            var counted = entry.Shape.Parameters + (entry.Name.EndsWith("V4-Pro", StringComparison.Ordinal) ? entry.Shape.MtpWeights.Sum(w => w.Parameters) : 0);
            var error = (counted / 1e9 / entry.PublishedTotal!.Value) - 1;
            Assert.True(Math.Abs(error) <= other.GetValueOrDefault(entry.Name, 0.01), string.Create(CultureInfo.InvariantCulture, $"{entry.Name}: {counted / 1e9:F2} B, {error:P2}"));
        }
    }

    [Fact]
    public void BuiltIn_DerivedSizes_EqualAnIndependentDerivation()
    {
        var lines = File.ReadAllLines(SharedData.Require("hardware/models.csv"));
        var header = Cells(lines[0]);
        foreach (var cells in lines[1..].Select(Cells))
        {
            string Of(string column) => cells[header.IndexOf(column)];
            double Number(string column) => double.Parse(Of(column), CultureInfo.InvariantCulture);
            var model = ModelCatalogue.BuiltIn.All.Single(e => e.Title == Of("model")).Shape;
            Near(Of("model"), "total", Number("params_total_B"), model.Parameters / 1e9, 0.0015);
            Near(Of("model"), "active", Number("params_active_B"), model.ActiveParameters / 1e9, 0.01);
            Near(Of("model"), "experts", Number("expert_params_B"), model.Weights.Where(w => w.Part == ModelPart.RoutedExperts).Sum(w => w.Parameters) / 1e9, 0.0005);
            Near(Of("model"), "attention", Number("attn_params_B"), model.Weights.Where(w => w.Part is ModelPart.Attention or ModelPart.Indexer or ModelPart.LinearAttention).Sum(w => w.Parameters) / 1e9, 0.001);
            // A tied head is computed like any other; the other derivation leaves it out.
            Near(Of("model"), "operations", Number("linear_flops_per_token_G"), (model.LinearOperationsPerToken - (model.TiedEmbedding ? 2L * model.Vocabulary * model.Hidden : 0)) / 1e9, 0.01);
            Assert.Equal(Number("kv_bytes_per_token_bf16"), model.KvBytesPerToken(2));
            Assert.Equal(Number("kv_fixed_bytes_per_seq_bf16"), model.KvBytesPerSequence(2));
        }
    }

    /// <summary>Sizes of public checkpoints: formats and exceptions must be right for these to come out.</summary>
    [Theory]
    [InlineData("openai/gpt-oss-120b", 65.25)] // experts mxfp4, all else bf16
    [InlineData("openai/gpt-oss-20b", 13.76)]
    [InlineData("meta-llama/Llama-3.1-8B", 16.06)]
    public void BuiltIn_WeightBytes_EqualTheCheckpoints(string name, double gigabytes) =>
        Assert.Equal(gigabytes, ModelCatalogue.BuiltIn.Find(name)!.Shape.WeightBytes / 1e9, gigabytes * 0.005);

    private static void Near(string model, string what, double expected, double actual, double tolerance) =>
        Assert.True(Math.Abs(actual - expected) <= (tolerance * expected) + 0.006, string.Create(CultureInfo.InvariantCulture, $"{model} {what}: {actual:F3}, expected {expected:F3}"));

    private static List<string> Cells(string line)
    {
        var cells = new List<string>();
        var cell = new System.Text.StringBuilder();
        var quoted = false;
        foreach (var c in line)
        {
            if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == ',' && !quoted)
            {
                cells.Add(cell.ToString());
                cell.Clear();
            }
            else
            {
                cell.Append(c);
            }
        }

        cells.Add(cell.ToString());
        return cells;
    }
}
