using System.Globalization;
using Foretoken.Cli.Scenarios;
using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Models;
using Foretoken.Hardware.Prices;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Cli.Catalogues;

/// <summary>The built-in catalogues, with what a user's file adds or changes.</summary>
/// <param name="Gpus">Accelerators.</param>
/// <param name="Models">Models.</param>
/// <param name="Prices">Prices of GPU hours.</param>
internal sealed record Catalogues(GpuCatalogue Gpus, ModelCatalogue Models, PriceList Prices)
{
    private const double Giga = 1e9;

    /// <summary>Reads a catalogue file, or gives the built-in catalogues for null.</summary>
    /// <exception cref="InputException">The file cannot be used; carries every problem.</exception>
    public static Catalogues Load(string? path)
    {
        if (path is null)
        {
            return new Catalogues(GpuCatalogue.BuiltIn, ModelCatalogue.BuiltIn, PriceList.BuiltIn);
        }

        var document = YamlDocument.Parse(ScenarioFile.ReadText(path), path)
            ?? throw new InputException(path, "is empty", "a catalogue has gpus, models and prices, each a list");
        var context = new BindContext();
        var root = SectionBinder.Bind(CatalogueFields.Root, document, context, "");
        var gpus = new List<Gpu>(GpuCatalogue.BuiltIn.All);
        var models = new List<ModelEntry>(ModelCatalogue.BuiltIn.All);
        var prices = new List<PriceEntry>(PriceList.BuiltIn.All);
        var fromConfigs = new List<Problem>();
        if (root is not null)
        {
            Names(context, root, CatalogueFields.Gpus);
            Names(context, root, CatalogueFields.Models);
            foreach (var entry in Entries(root, CatalogueFields.Gpus))
            {
                if (ReadGpu(entry, new GpuCatalogue(gpus), context) is { } gpu)
                {
                    gpus.Add(gpu);
                }
            }

            var written = new Dictionary<(string, string, string, string), Bound>();
            foreach (var entry in Entries(root, CatalogueFields.Prices))
            {
                if (ReadPrice(entry, new GpuCatalogue(gpus), context) is not { } price)
                {
                    continue;
                }

                if (!written.TryAdd(price.Offer, entry))
                {
                    context.Add(entry.PlaceOf(CatalogueFields.SoldFor), entry.PathOf(CatalogueFields.SoldFor), $"prices the same a second time: {price.Gpu} of {price.Provider}{(price.Region.Length > 0 ? $" in {price.Region}" : "")}, {price.Purchase}", $"the first is at {written[price.Offer].PlaceOf(CatalogueFields.SoldFor)}; keep one of them");
                }

                prices.Add(price);
            }

            foreach (var entry in Entries(root, CatalogueFields.Models).Where(e => e.IsGood(CatalogueFields.Name) && e.IsGood(CatalogueFields.Config)))
            {
                try
                {
                    models.Add(ReadModel(entry, path));
                }
                catch (InputException e)
                {
                    fromConfigs.AddRange(e.Problems);
                }
            }
        }

        if (!context.IsGood || fromConfigs.Count > 0)
        {
            throw new InputException([.. context.Problems, .. fromConfigs]);
        }

        return new Catalogues(new GpuCatalogue(gpus), new ModelCatalogue(models), new PriceList(prices));
    }

    private static IEnumerable<Bound> Entries(Bound root, Field<IReadOnlyList<Bound>> field) => root.IsGood(field) ? root.Get(field) ?? [] : [];

    private static void Names(BindContext context, Bound root, Field<IReadOnlyList<Bound>> field)
    {
        foreach (var again in Entries(root, field).Where(e => e.IsGood(CatalogueFields.Name)).GroupBy(e => e.Get(CatalogueFields.Name)!.ToUpperInvariant()).Where(g => g.Count() > 1))
        {
            var (first, second) = (again.First(), again.ElementAt(1));
            context.Add(second.PlaceOf(CatalogueFields.Name), second.PathOf(CatalogueFields.Name), $"'{second.Get(CatalogueFields.Name)}' stands here a second time", $"the first is at {first.PlaceOf(CatalogueFields.Name)}");
        }
    }

    private static Gpu? ReadGpu(Bound entry, GpuCatalogue known, BindContext context)
    {
        if (!entry.IsGood(CatalogueFields.Name))
        {
            return null;
        }

        var name = entry.Get(CatalogueFields.Name)!;
        var basis = known.Find(name);
        if (entry.IsSet(CatalogueFields.Like) && entry.IsGood(CatalogueFields.Like))
        {
            var like = entry.Get(CatalogueFields.Like)!;
            basis = known.Find(like);
            if (basis is null)
            {
                context.Add(entry.PlaceOf(CatalogueFields.Like), entry.PathOf(CatalogueFields.Like), $"no GPU is called '{like}'", Meant(like, known.Names));
                return null;
            }
        }

        if (basis is null)
        {
            foreach (var field in (Field<double?>[])[CatalogueFields.Bandwidth, CatalogueFields.Bf16])
            {
                NeedUnlessLike(entry, field, context);
            }

            NeedUnlessLike(entry, CatalogueFields.Memory, context);
        }

        var given = entry.IsSet(CatalogueFields.Source) && entry.IsGood(CatalogueFields.Source) ? entry.Get(CatalogueFields.Source) + ", " : "";
        Figure? Or(Field field, double? value, double unit, Figure? otherwise) =>
            value is { } set ? new Figure(set / unit, given + entry.PlaceOf(field)) : otherwise;
        Figure? Number(Field<double?> field, Figure? otherwise, double unit = 1) => Or(field, entry.Get(field), unit, otherwise);
        var memory = Or(CatalogueFields.Memory, entry.Get(CatalogueFields.Memory), 1L << 30, basis?.MemoryGib);
        var bandwidth = Number(CatalogueFields.Bandwidth, basis?.BandwidthGbs, Giga);
        var bf16 = Number(CatalogueFields.Bf16, basis?.Bf16Tflops);
        if (memory is null || bandwidth is null || bf16 is null)
        {
            return null;
        }

        // A new nominal size makes what the driver reported of the old one meaningless.
        var usable = Or(CatalogueFields.Usable, entry.Get(CatalogueFields.Usable), 1L << 20, entry.IsSet(CatalogueFields.Memory) ? null : basis?.UsableMib);
        if (usable is not null && usable.Value > memory.Value * 1024)
        {
            context.Add(entry.PlaceOf(CatalogueFields.Usable), entry.PathOf(CatalogueFields.Usable), "is more than memory", "the driver reports less than is sold, never more");
        }

        var sameName = basis is not null && basis.Name == name;
        return new Gpu
        {
            Name = name,
            Title = entry.Get(CatalogueFields.Title) ?? (sameName ? basis!.Title : name),
            Vendor = entry.Get(CatalogueFields.Vendor) ?? basis?.Vendor ?? "-",
            Also = entry.Get(CatalogueFields.Also) ?? (sameName ? basis!.Also : []),
            Note = entry.Get(CatalogueFields.Note) ?? basis?.Note ?? "",
            MemoryGib = memory,
            UsableMib = usable,
            BandwidthGbs = bandwidth,
            Bf16Tflops = bf16,
            Fp8Tflops = Number(CatalogueFields.Fp8, basis?.Fp8Tflops),
            Fp4Tflops = Number(CatalogueFields.Fp4, basis?.Fp4Tflops),
            Int8Tops = Number(CatalogueFields.Int8, basis?.Int8Tops),
            ScaleUpGbs = Number(CatalogueFields.ScaleUp, basis?.ScaleUpGbs, Giga),
            Domain = Number(CatalogueFields.Domain, basis?.Domain),
            PcieGbs = Number(CatalogueFields.Pcie, basis?.PcieGbs, Giga),
            NicGbs = Number(CatalogueFields.Nic, basis?.NicGbs, Giga),
            PowerW = Number(CatalogueFields.Power, basis?.PowerW),
            Sms = Number(CatalogueFields.Sms, basis?.Sms),
            PriceLow = Number(CatalogueFields.Price, basis?.PriceLow),
            PriceHigh = Number(CatalogueFields.Price, basis?.PriceHigh),
        };
    }

    private static void NeedUnlessLike(Bound entry, Field field, BindContext context)
    {
        if (!entry.IsSet(field))
        {
            context.Add(entry.Origin, entry.Path, $"lacks '{field.Name}'", $"a GPU that is not known by name needs memory, bandwidth and bf16_tflops, or like: with the name of one that is");
        }
    }

    private static PriceEntry? ReadPrice(Bound entry, GpuCatalogue gpus, BindContext context)
    {
        Field[] needed = [CatalogueFields.Seller, CatalogueFields.SoldGpu, CatalogueFields.SoldIn, CatalogueFields.Purchase, CatalogueFields.SoldFor, CatalogueFields.PriceDate];
        if (!needed.All(entry.IsGood))
        {
            return null;
        }

        var (name, date) = (entry.Get(CatalogueFields.SoldGpu)!, entry.Get(CatalogueFields.PriceDate)!);
        var gpu = gpus.Find(name);
        if (gpu is null)
        {
            context.Add(entry.PlaceOf(CatalogueFields.SoldGpu), entry.PathOf(CatalogueFields.SoldGpu), $"no GPU is called '{name}'", Meant(name, gpus.Names));
        }

        if (!DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            context.Add(entry.PlaceOf(CatalogueFields.PriceDate), entry.PathOf(CatalogueFields.PriceDate), $"is '{date}'", "write year, month and day: 2026-08-06");
        }

        var region = entry.IsSet(CatalogueFields.SoldIn) ? entry.Get(CatalogueFields.SoldIn)! : "";
        var given = entry.IsSet(CatalogueFields.Source) && entry.IsGood(CatalogueFields.Source) ? entry.Get(CatalogueFields.Source) + ", " : "";
        return gpu is null ? null : new PriceEntry(entry.Get(CatalogueFields.Seller)!, gpu.Name, region, entry.Get(CatalogueFields.Purchase)!, entry.Get(CatalogueFields.SoldFor), date, given + entry.PlaceOf(CatalogueFields.SoldFor));
    }

    private static ModelEntry ReadModel(Bound entry, string path)
    {
        var written = entry.Get(CatalogueFields.Config)!;
        var config = Path.IsPathRooted(written) ? written : Path.Combine(Path.GetDirectoryName(path) ?? "", written);
        var name = entry.Get(CatalogueFields.Name)!;
        return new ModelEntry(name, entry.Get(CatalogueFields.Title) ?? name, entry.Get(CatalogueFields.Also) ?? [], null, null, config, ModelConfig.Load(config) with { Name = name });
    }

    /// <summary>What somebody probably meant, or what there is.</summary>
    public static string Meant(string written, IEnumerable<string> names) =>
        NearestName.Find(written, names) is { } near ? $"did you mean {near}?" : "known are " + string.Join(", ", names.Take(40));
}
