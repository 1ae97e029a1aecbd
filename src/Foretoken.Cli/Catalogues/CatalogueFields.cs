using Foretoken.Hardware.Prices;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Cli.Catalogues;

/// <summary>The keys of a user's catalogue file.</summary>
internal static class CatalogueFields
{
    public static readonly Field<string> Name = new(new TextType("a name")) { Name = "name", Meaning = "Name in scenarios; that of a built-in entry changes that entry.", Required = true };
    public static readonly Field<string> Like = new(new TextType("the name of a GPU")) { Name = "like", Meaning = "GPU whose figures hold where none is given here." };
    public static readonly Field<string> Title = new(new TextType("a name")) { Name = "title", Meaning = "Name as people say it." };
    public static readonly Field<string> Vendor = new(new TextType("a name")) { Name = "vendor", Meaning = "Who makes it." };
    public static readonly Field<IReadOnlyList<string>> Also = new(new ListType<string>(new TextType("a name"))) { Name = "also", Meaning = "Other names that it answers to." };
    public static readonly Field<string> Note = new(new TextType("a sentence")) { Name = "note", Meaning = "What to know about the figures." };
    public static readonly Field<string> Source = new(new TextType("a source")) { Name = "source", Meaning = "Where the figures of this entry are from; its place in the file is added." };
    public static readonly Field<long?> Memory = new(new OptionalType<long>(new BytesType())) { Name = "memory", Meaning = "Memory as sold." };
    public static readonly Field<long?> Usable = new(new OptionalType<long>(new BytesType())) { Name = "usable_memory", Meaning = "Memory that the driver reports." };
    public static readonly Field<double?> Bandwidth = Rate("bandwidth", "Memory bandwidth.");
    public static readonly Field<double?> Bf16 = Count("bf16_tflops", "Dense peak of bf16, TFLOPS.");
    public static readonly Field<double?> Fp8 = Count("fp8_tflops", "Dense peak of fp8, TFLOPS.");
    public static readonly Field<double?> Fp4 = Count("fp4_tflops", "Dense peak of fp4, TFLOPS.");
    public static readonly Field<double?> Int8 = Count("int8_tops", "Dense peak of int8, TOPS.");
    public static readonly Field<double?> ScaleUp = Rate("scaleup_bandwidth", "Scale-up link, one way, all links of a GPU together.");
    public static readonly Field<double?> Domain = Count("scaleup_domain", "GPUs in the scale-up domain.");
    public static readonly Field<double?> Pcie = Rate("pcie_bandwidth", "PCIe to the host, one way.");
    public static readonly Field<double?> Nic = Rate("nic_bandwidth", "Network interface per GPU.");
    public static readonly Field<double?> Power = Count("power_watts", "Board power, W.");
    public static readonly Field<double?> Sms = Count("sms", "Streaming multiprocessors or compute units.");
    public static readonly Field<double?> Price = Count("price_per_hour", "US dollars per GPU and hour.");

    public static readonly Section Gpu = new()
    {
        Meaning = "A GPU: a new one, or changes of one that is known.",
        Fields = [Name, Like, Title, Vendor, Also, Note, Source, Memory, Usable, Bandwidth, Bf16, Fp8, Fp4, Int8, ScaleUp, Domain, Pcie, Nic, Power, Sms, Price],
    };

    public static readonly Field<string> Config = new(new TextType("a file")) { Name = "config", Meaning = "HuggingFace config.json, relative to this file.", Required = true };

    public static readonly Section Model = new()
    {
        Meaning = "A model by its config.json.",
        Fields = [Name, Title, Also, Config],
    };

    public static readonly Field<IReadOnlyList<Bound>> Gpus = new(new ListType<Bound>(new SectionType(Gpu))) { Name = "gpus", Meaning = "GPUs to add or change." };
    public static readonly Field<IReadOnlyList<Bound>> Models = new(new ListType<Bound>(new SectionType(Model))) { Name = "models", Meaning = "Models to add or replace." };

    public static readonly Field<string> Seller = new(new TextType("a name")) { Name = "provider", Meaning = "Who sells it.", Required = true };
    public static readonly Field<string> SoldGpu = new(new TextType("the name of a GPU")) { Name = "gpu", Meaning = "Name of a GPU, built in or of this file.", Required = true };
    public static readonly Field<string> SoldIn = new(new TextType("a region")) { Name = "region", Meaning = "The seller's name of the region; without it the price holds in all of them.", OmitWhenAbsent = true };
    public static readonly Field<string> Purchase = new(new ChoiceType([.. PriceList.Purchases.Select(p => (p, "as named"))])) { Name = "purchase", Meaning = "The way of buying.", Default = "on_demand", DefaultSource = "the usual one" };
    public static readonly Field<double> SoldFor = new(new NumberType(UnitTable.Number, 0, aboveMin: true)) { Name = "price", Meaning = "US dollars per GPU and hour.", Required = true };
    public static readonly Field<string> PriceDate = new(new TextType("a day, such as 2026-08-06")) { Name = "date", Meaning = "Day of the price.", Required = true };

    public static readonly Section PriceSection = new()
    {
        Meaning = "What a GPU costs for an hour at one seller.",
        Fields = [Seller, SoldGpu, SoldIn, Purchase, SoldFor, PriceDate, Source],
    };

    public static readonly Field<IReadOnlyList<Bound>> Prices = new(new ListType<Bound>(new SectionType(PriceSection))) { Name = "prices", Meaning = "Prices to add or replace." };

    public static readonly Section Root = new() { Meaning = "A catalogue of hardware, models and prices.", Fields = [Gpus, Models, Prices] };

    private static Field<double?> Rate(string name, string meaning) => new(new OptionalType<double>(new NumberType(UnitTable.Bandwidth, aboveMin: true))) { Name = name, Meaning = meaning };

    private static Field<double?> Count(string name, string meaning) => new(new OptionalType<double>(new NumberType(UnitTable.Number, aboveMin: true))) { Name = name, Meaning = meaning };
}
