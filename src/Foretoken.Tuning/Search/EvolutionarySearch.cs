using Foretoken.Quantities;
using Foretoken.Tuning.Objectives;

namespace Foretoken.Tuning.Search;

/// <summary>
/// The default search. Parents are the best points so far (<see cref="Elite"/>); children come from several operators, each
/// used as often as it succeeds; a model of the points so far (<see cref="Surrogate"/>) picks most of the children that are
/// run. When the front stands still, the untried steps around it join the children, and every few batches half a batch goes far
/// away. When no new children can be made, the rest of the space follows, so that a small one is searched to the end. See
/// docs/search.md.
/// </summary>
public sealed class EvolutionarySearch : IMultiObjectiveSearch
{
    /// <summary>How often children are made anew when too many of them cannot run.</summary>
    private const int Rounds = 3;

    private readonly SearchSpace _space;
    private readonly EvolutionaryOptions _options;
    private readonly ExhaustiveSearch? _leftovers;
    private readonly HashSet<int[]> _known = new(PointComparer.Instance);
    private readonly HashSet<int[]> _impossible = new(PointComparer.Instance);
    private readonly Dictionary<int[], (Operator Operator, Pick Pick)> _origin = new(PointComparer.Instance);
    private readonly List<Evaluation> _told = [];
    private readonly List<Evaluation> _evaluated = [];
    private readonly ParetoFront<Evaluation> _front = new();
    private readonly OperatorCredit _credit;
    private readonly Queue<int[]> _design = new();
    private List<Evaluation> _elite = [];
    private RandomStream _random;
    private readonly double _numbers;
    private int _quietBatches;
    private bool _triedEnds;

    /// <summary>A search; the same options and answers give the same proposals.</summary>
    public EvolutionarySearch(SearchSpace space, EvolutionaryOptions? options = null)
    {
        _space = space;
        _options = options ?? new EvolutionaryOptions();
        _random = new RandomStream(_options.Seed, StreamId.Search);
        _numbers = Variation.Numbers(space);
        _credit = new OperatorCredit(aims: _numbers > 0);
        _leftovers = space.RawCount is null ? null : new ExhaustiveSearch(space, _random.NextUInt64());
        var initial = _options.Initial ?? (int)Math.Clamp((space.RawCount ?? long.MaxValue) / 20, 16, _options.Population);
        foreach (var point in _options.Start)
        {
            _design.Enqueue(point);
        }

        foreach (var point in LatinHypercube.Points(space, initial, ref _random))
        {
            _design.Enqueue(point);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<int[]> Propose(int count)
    {
        Absorb();
        if (!_triedEnds && _design.Count == 0 && _elite.Count > 0)
        {
            _triedEnds = true;
            foreach (var end in Variation.Ends(_space, _elite[0].Point))
            {
                _design.Enqueue(end);
            }
        }

        var batch = new List<int[]>(count);
        while (batch.Count < count && _design.TryDequeue(out var raw))
        {
            if (_space.Resolve(raw) is { } point && _known.Add(point))
            {
                batch.Add(point);
            }
        }

        if (batch.Count < count && _evaluated.Count > 0)
        {
            Breed(count - batch.Count, batch);
        }

        Fill(count, batch);
        return batch;
    }

    /// <inheritdoc/>
    public void Tell(int[] point, double[] objectives, double violation) => _told.Add(new Evaluation(point, objectives, violation));

    /// <summary>Takes in what was told since the last batch, in an order that does not depend on who finished first.</summary>
    private void Absorb()
    {
        if (_told.Count == 0)
        {
            return;
        }

        _told.Sort((a, b) => PointComparer.Instance.Compare(a.Point, b.Point));
        var changed = false;
        foreach (var evaluation in _told)
        {
            _known.Add(evaluation.Point);
            _evaluated.Add(evaluation);
            var advanced = evaluation.Keeps && Advances(evaluation.Objectives);
            changed |= advanced;
            if (evaluation.Keeps)
            {
                _front.Add(evaluation, evaluation.Objectives);
            }

            if (_origin.Remove(evaluation.Point, out var origin))
            {
                _credit.Note(origin.Operator, origin.Pick, advanced);
            }
        }

        _quietBatches = changed ? 0 : _quietBatches + 1;
        var pool = new List<Evaluation>(_elite.Count + _told.Count + _front.Points.Count);
        var inPool = new HashSet<int[]>(PointComparer.Instance);
        foreach (var evaluation in _front.Points.Select(p => p.Item).Concat(_elite).Concat(_told))
        {
            if (evaluation.Ran && inPool.Add(evaluation.Point))
            {
                pool.Add(evaluation);
            }
        }

        _elite = Elite.Choose(pool, _options.Population);
        _told.Clear();
    }

    /// <summary>
    /// Whether the front would be noticeably worse without this point: no point of the front is better by all but a small share
    /// of the front's extent. Crowding an already good part of the front is no success.
    /// </summary>
    private bool Advances(double[] objectives)
    {
        var extent = new double[objectives.Length];
        for (var k = 0; k < extent.Length && _front.Points.Count > 0; k++)
        {
            var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
            foreach (var (_, other) in _front.Points)
            {
                (low, high) = (Math.Min(low, other[k]), Math.Max(high, other[k]));
            }

            extent[k] = double.IsFinite(high - low) ? high - low : 0;
        }

        foreach (var (_, other) in _front.Points)
        {
            var within = true;
            for (var k = 0; k < extent.Length && within; k++)
            {
                within = other[k] <= objectives[k] + (_options.Progress * extent[k]);
            }

            if (within)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Makes children of many kinds and takes the most promising.</summary>
    private void Breed(int count, List<int[]> batch)
    {
        if (_quietBatches > 0 && _quietBatches % _options.Patience == 0)
        {
            // What the model knows nothing about is not for it to judge.
            count -= Breed(count / 2, batch, far: true);
        }

        for (var round = 0; round < Rounds && count > 0; round++)
        {
            count -= Breed(count, batch, far: false);
        }
    }

    /// <summary>Makes children and adds the chosen ones; returns how many those are. Only chosen ones are asked whether they can run: finding that out may cost more than all the rest.</summary>
    private int Breed(int count, List<int[]> batch, bool far)
    {
        var pool = new List<(int[] Point, Operator Origin)>();
        var inPool = new HashSet<int[]>(PointComparer.Instance);
        var screen = _options.Surrogate && !far;
        var wanted = count * (screen ? _options.Screening : 2);
        for (var tries = 0; pool.Count < wanted && tries < 4 * wanted; tries++)
        {
            var origin = _elite.Count == 0 ? Operator.Random
                : far ? tries % 4 == 0 ? Operator.Random : Operator.Reset
                : _credit.Choose(ref _random);
            Join(Child(origin), origin, pool, inPool);
        }

        if (!far && _quietBatches > 0 && _front.Points.Count > 0)
        {
            AddNeighbours(pool, inPool, Math.Max(count, wanted / 3));
        }

        var first = batch.Count;
        var taken = new bool[pool.Count];
        if (screen)
        {
            var share = (int)(count * _credit.Screened);
            foreach (var (child, pick) in Screen(pool, 4 * share))
            {
                if (batch.Count - first == share)
                {
                    break;
                }

                Take(child, pick);
            }
        }

        // The others as chance will have it.
        for (var left = pool.Count; left > 0 && batch.Count - first < count; left--)
        {
            var at = _random.NextInt(left);
            Take(at, Pick.Chance);
            (pool[at], pool[left - 1]) = (pool[left - 1], pool[at]);
            (taken[at], taken[left - 1]) = (taken[left - 1], taken[at]);
        }

        return batch.Count - first;

        void Take(int child, Pick pick)
        {
            var (point, origin) = pool[child];
            if (taken[child])
            {
                return;
            }

            taken[child] = true;
            if (!_space.IsFeasible(point))
            {
                _impossible.Add(point);
                return;
            }

            _known.Add(point);
            _origin[point] = (origin, pick);
            batch.Add(point);
        }
    }

    private bool Join(int[] raw, Operator origin, List<(int[] Point, Operator Origin)> pool, HashSet<int[]> inPool)
    {
        var point = _space.Canonical(raw);
        if (_known.Contains(point) || _impossible.Contains(point) || !inPool.Add(point))
        {
            return false;
        }

        pool.Add((point, origin));
        return true;
    }

    /// <summary>Steps around the front that were not tried, from a random member on, so that sooner or later all are.</summary>
    private void AddNeighbours(List<(int[] Point, Operator Origin)> pool, HashSet<int[]> inPool, int most)
    {
        var first = _random.NextInt(_front.Points.Count);
        var looked = 0;
        for (var i = 0; i < _front.Points.Count; i++)
        {
            foreach (var raw in Variation.Neighbours(_space, _front.Points[(first + i) % _front.Points.Count].Item.Point))
            {
                if (most == 0 || looked++ > 20_000)
                {
                    return;
                }

                most -= Join(raw, Operator.Neighbour, pool, inPool) ? 1 : 0;
            }
        }
    }

    private int[] Child(Operator origin)
    {
        var rate = 1.0 / _space.Dimensions.Count;
        int[] child;
        switch (origin)
        {
            case Operator.Uniform:
                child = Variation.Uniform(Parent(), Parent(), ref _random);
                Variation.Mutate(_space, child, rate, false, ref _random);
                return child;
            case Operator.Blend:
                child = Variation.Blend(_space, Parent(), Parent(), ref _random);
                Variation.Mutate(_space, child, rate, false, ref _random);
                return child;
            case Operator.Differential:
                return Variation.Differential(_space, Parent(), Anyone(), Anyone(), ref _random);
            case Operator.Mutation:
                child = (int[])Parent().Clone();
                Variation.Mutate(_space, child, 2 * rate, true, ref _random);
                return child;
            case Operator.Reset:
                child = (int[])Parent().Clone();
                for (var knobs = 1 + _random.NextInt(3); knobs > 0; knobs--)
                {
                    var d = _random.NextInt(child.Length);
                    child[d] = _random.NextInt(_space.Dimensions[d].Size);
                }

                return child;
            case Operator.Neighbour:
                return Variation.Neighbour(_space, Parent(), ref _random);
            default:
                return Variation.Anywhere(_space, ref _random);
        }
    }

    private int[] Parent() => _elite[Math.Min(_random.NextInt(_elite.Count), _random.NextInt(_elite.Count))].Point;

    private int[] Anyone() => _elite[_random.NextInt(_elite.Count)].Point;

    /// <summary>The children that the model expects to be best and different from what the front has, each perhaps twice.</summary>
    private List<(int Child, Pick Pick)> Screen(List<(int[] Point, Operator Origin)> pool, int count)
    {
        var training = new List<Evaluation>(_elite);
        var have = new HashSet<int[]>(PointComparer.Instance);
        foreach (var evaluation in _elite)
        {
            have.Add(evaluation.Point);
        }

        for (var i = _evaluated.Count - 1; i >= 0 && training.Count < _options.TrainingMax; i--)
        {
            if (have.Add(_evaluated[i].Point))
            {
                training.Add(_evaluated[i]);
            }
        }

        if (Surrogate.Learn(_space, training) is not { } model)
        {
            return [];
        }

        var guesses = new double[pool.Count][];
        var violations = new double[pool.Count];
        for (var i = 0; i < guesses.Length; i++)
        {
            violations[i] = model.Predict(pool[i].Point, out guesses[i]);
        }

        // Two opinions: who reaches beyond what is there, and who is good and far from it. The first alone loses stretches of a front
        // that lies in pieces, the second alone comes nearer to the front but slowly. Among lists of choices there is no coming nearer.
        var share = _numbers > 0 ? _credit.Beyond * _numbers : 0;
        var beyond = share == 0 ? [] : Elite.Beyond(guesses, violations, count, [.. Enumerable.Range(0, training.Count).Where(i => training[i].Keeps).Select(i => model.Known[i])]);
        var apart = Elite.Choose(guesses, violations, count, model.Known[.._elite.Count]);
        var picks = new List<(int, Pick)>(2 * count);
        for (int a = 0, b = 0; a < beyond.Count || b < apart.Count;)
        {
            var next = b >= apart.Count || (a < beyond.Count && a <= share * (a + b));
            picks.Add(next ? (beyond[a++], Pick.Beyond) : (apart[b++], Pick.Apart));
        }

        return picks;
    }

    /// <summary>When no new children can be made, whatever is left of the space.</summary>
    private void Fill(int count, List<int[]> batch)
    {
        while (batch.Count < count && _leftovers?.Propose(1) is [var point])
        {
            if (_known.Add(point))
            {
                batch.Add(point);
            }
        }
    }
}
