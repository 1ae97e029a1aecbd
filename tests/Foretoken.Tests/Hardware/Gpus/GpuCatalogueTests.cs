using System.Globalization;
using Foretoken.Hardware.Gpus;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Hardware.Gpus;

public class GpuCatalogueTests
{
    [Fact]
    public void BuiltIn_EveryFigure_HasASourceAndMakesSense()
    {
        Assert.Equal(21, GpuCatalogue.BuiltIn.All.Count);
        foreach (var gpu in GpuCatalogue.BuiltIn.All)
        {
            foreach (var (name, _, _, figure) in gpu.Figures)
            {
                Assert.True(figure is null || (figure.Value > 0 && figure.Source.Length > 3), $"{gpu.Name} {name}");
            }

            // What a driver reports is the nominal size in GiB less a few per cent, never more.
            Assert.InRange(gpu.MemoryBytes, (long)(gpu.MemoryGib.Value * 0.93 * (1 << 30)), (long)(gpu.MemoryGib.Value * (1 << 30)));
            Assert.True(gpu.PriceLow is null || gpu.PriceLow.Value <= gpu.PriceHigh!.Value, gpu.Name);
        }
    }

    [Theory]
    [InlineData("h100", "h100-sxm")]
    [InlineData("H100_SXM", "h100-sxm")]
    [InlineData("rtx pro 6000", "rtx-pro-6000")]
    [InlineData("a100-80gb-sxm", "a100-80gb-sxm")]
    public void Find_OtherSpelling_IsFound(string written, string name) => Assert.Equal(name, GpuCatalogue.BuiltIn.Find(written)!.Name);

    [Fact]
    public void Find_Unknown_IsNull() => Assert.Null(GpuCatalogue.BuiltIn.Find("h1000"));

    [Fact]
    public void BuiltIn_Figures_EqualTheFacts()
    {
        var facts = File.ReadAllLines(SharedData.Require("hardware/gpus.csv"))[1..].Select(l => l.Split(',')).ToList();
        Assert.Equal(GpuCatalogue.BuiltIn.All.Count, facts.Count);
        foreach (var (gpu, row) in GpuCatalogue.BuiltIn.All.Zip(facts))
        {
            Assert.Contains(row[0], gpu.Title, StringComparison.Ordinal);
            double?[] expected = [.. row[2..14].Select(c => c.Length == 0 ? (double?)null : double.Parse(c, CultureInfo.InvariantCulture))];
            Figure?[] figures = [gpu.MemoryGib, gpu.BandwidthGbs, gpu.Bf16Tflops, gpu.Fp8Tflops, gpu.Fp4Tflops, gpu.Int8Tops, gpu.ScaleUpGbs, gpu.PcieGbs, gpu.Domain, gpu.NicGbs, gpu.PowerW, gpu.Sms];
            Assert.Equal(expected, figures.Select(f => f?.Value));
        }
    }
}
