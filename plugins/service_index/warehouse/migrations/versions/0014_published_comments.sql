-- What relations and columns of `published` are, in English and Vietnamese as dbt says it of the
-- marts, for BI tools and docs/data-dictionary.md. A view says what the table behind it says.
create temporary table relation_text (relation text primary key, vi text, en text) on commit drop;
insert into relation_text values
('change', 'Mỗi giá trị khác với bản công bố liền trước', 'Release × relation × key × column: every value that differs from the release before it'),
('compliance_cause', 'Vì sao hồ sơ chưa đạt trực tuyến toàn trình', 'Release × unit × cause, as marts.mart_compliance_cause'),
('criterion', 'Danh mục tiêu chí dùng để chấm điểm', 'Release × criterion: the catalogue it was scored by, as marts.mart_release_criterion'),
('criterion_score', 'Điểm của từng tiêu chí', 'Release × unit × criterion, as marts.fct_criterion_score'),
('field', 'Tên của các lĩnh vực thủ tục', 'Release × field of procedures: what field codes mean, as marts.mart_release_field'),
('form_check', 'Kiểm tra các đẳng thức của biểu thống kê', 'Release × province × identity of the form, as marts.mart_form_check'),
('letter_figure', 'Số liệu của công văn hằng tháng', 'Release × province × figure of the letter, as marts.mart_letter_figure'),
('monthly_score', 'Điểm và thứ hạng của các đơn vị', 'Release × unit, as marts.mart_monthly_score'),
('national_average', 'Điểm bình quân cả nước', 'Release × group (and total), as marts.mart_national_average'),
('national_ranking', 'Bảng xếp hạng các tỉnh, thành phố', 'Release × province, as marts.mart_national_ranking'),
('statistical_form', 'Biểu thống kê của kỳ báo cáo', 'Release × province × row of the form, as marts.mart_statistical_form'),
('target_compliance', 'Mức đạt các chỉ tiêu', 'Release × basis × metric × unit × field, as marts.mart_target_compliance'),
('unit', 'Các đơn vị trong tháng', 'Release × unit, as marts.mart_release_unit'),
('release', 'Các bản công bố, với trạng thái hiện tại', 'One row a release, with its present status and cut-off and whether it is the current one of its period'),
('release_record', 'Phần không bao giờ đổi của một bản công bố', 'One row a release: what never changes about it. Read the view release'),
('release_status', 'Nhật ký trạng thái; dòng mới nhất có hiệu lực', 'Log: each status a release was given; the newest row holds. Its first row is the status at publication'),
('release_pointer', 'Nhật ký bản công bố hiện hành; dòng mới nhất có hiệu lực', 'Log: which release of a kind and period is current; the newest row holds'),
('release_files', 'Các tệp đã công bố', 'Release × stamp: which files it was published with. Files that are written again must be the same'),
('release_quarantine', 'Số bản ghi bị cách ly khi công bố', 'Release: how many records were in quarantine, and so in none of its numbers, when it was made'),
('release_earlier_month', 'Bản công bố của các tháng trước', 'Release × earlier month: the release that stood for that month when it was made'),
('earlier_month', 'Bản công bố của các tháng trước trong năm', 'Release × earlier month of its year: the release of that month when it was made'),
('earlier_revision', 'Các bản trước của cùng kỳ', 'Release × earlier revision of its period: what can be subtracted from it');

-- relation `*`: wherever the column has that name and no text of its own.
create temporary table column_text (
    relation text, column_name text, vi text, en text, primary key (relation, column_name)
) on commit drop;
insert into column_text values
('*', 'release_id', 'Mã bản công bố', 'Period and revision, such as 2025-03.r1'),
('*', 'period_month', 'Tháng, ghi bằng ngày đầu tháng', 'The month, as its first day'),
('*', 'period', 'Kỳ', 'A month (2025-03) or a period of the form (2025Q3, 2025H1, 2025)'),
('*', 'province_code', 'Mã tỉnh', 'Statistical code of the province'),
('*', 'province_name', 'Tên tỉnh', 'Name of the province at that time'),
('*', 'unit_code', 'Mã đơn vị', 'Code of a unit that is valid in the month'),
('*', 'unit_name', 'Tên đơn vị', 'Name of the unit in the month'),
('*', 'unit_type', 'Loại đơn vị', 'province, department, district, commune or vertical_agency'),
('*', 'criterion_code', 'Mã tiêu chí', 'Criterion, 01 to 21; null for a figure that is of no criterion'),
('*', 'group_code', 'Nhóm tiêu chí', 'transparency, timeliness, online_service, online_payment, digitisation or satisfaction'),
('*', 'catalogue_version', 'Phiên bản danh mục', 'First day of the catalogue version that it is scored by'),
('*', 'numerator', 'Tử số', 'How many count'),
('*', 'denominator', 'Mẫu số', 'How many could count'),
('*', 'rate', 'Tỷ lệ', 'numerator / denominator, unrounded; null where nothing could count'),
('*', 'max_points', 'Điểm tối đa', 'Most points it can give'),
('*', 'target_rate', 'Tỷ lệ chỉ tiêu', 'Target in force; null where none is set'),
('*', 'withheld', 'Lý do không công khai', 'Why values are missing: n<5, fewer than five people behind them; null where none is'),
('*', 'position', 'Thứ tự', 'Place in the printed order'),
('*', 'label_vi', 'Tên chỉ tiêu', 'What the figure is, in the words of the paper'),
('*', 'printed_value', 'Giá trị in', 'As the paper prints it'),
('*', 'value', 'Giá trị', 'Exact value, rates in percent; null where there is none'),
('*', 'kind', 'Loại', 'monthly or statistical_form'),
('*', 'status', 'Trạng thái', 'provisional, final, revised or suspended'),
('*', 'reason', 'Lý do sửa đổi', 'Why it restates the release before it: late_data, source_correction, method or our_error; null for the first'),
('*', 'revision', 'Lần công bố', 'Number of the release within its period, from 1'),
('*', 'created_at', 'Thời điểm công bố', 'When the release was made'),
('*', 'data_cutoff', 'Thời điểm chốt số liệu', 'The end of complete data when the status was given'),
('*', 'content_sha256', 'Mã băm nội dung', 'Over the keys and numbers alone: not the id, the clock, the cut-off or the names'),
('*', 'is_current', 'Là bản hiện hành', 'Whether it is the current release of its period'),
('*', 'status_since', 'Trạng thái có từ', 'When the present status was given'),
('*', 'previous_release_id', 'Bản liền trước', 'The release that it restates; null for the first'),
('*', 'code_revision', 'Phiên bản chương trình', 'Hash of the dbt project that made it'),
('*', 'is_sample', 'Là dữ liệu mẫu', 'Made from the sample source: to be shown as DỮ LIỆU MẪU'),
('*', 'earlier_release_id', 'Bản công bố trước', 'The earlier release'),
('*', 'field_code', 'Mã lĩnh vực', 'Field of procedures; in target_compliance * stands for all fields together'),
('*', 'field_name', 'Tên lĩnh vực', 'Name of the field'),
('*', 'transparency', 'Điểm công khai, minh bạch', 'Points for disclosure and transparency'),
('*', 'transparency_max', 'Điểm tối đa áp dụng', 'Sum of the maxima of its criteria that apply'),
('*', 'timeliness', 'Điểm tiến độ giải quyết', 'Points for timeliness'),
('*', 'timeliness_max', 'Điểm tối đa áp dụng', 'Sum of the maxima of its criteria that apply'),
('*', 'online_service', 'Điểm dịch vụ công trực tuyến', 'Points for online services'),
('*', 'online_service_max', 'Điểm tối đa áp dụng', 'Sum of the maxima of its criteria that apply'),
('*', 'online_payment', 'Điểm thanh toán trực tuyến', 'Points for online payment'),
('*', 'online_payment_max', 'Điểm tối đa áp dụng', 'Sum of the maxima of its criteria that apply'),
('*', 'digitisation', 'Điểm số hóa hồ sơ', 'Points for digitisation'),
('*', 'digitisation_max', 'Điểm tối đa áp dụng', 'Sum of the maxima of its criteria that apply'),
('*', 'satisfaction', 'Điểm mức độ hài lòng', 'Points for satisfaction'),
('*', 'satisfaction_max', 'Điểm tối đa áp dụng', 'Sum of the maxima of its criteria that apply'),
('*', 'total_score', 'Tổng điểm', 'Total of 100, unrounded'),
('*', 'rank', 'Thứ hạng', 'Place; ties share one (1, 1, 3); null unless ranked'),
('*', 'rank_out_of', 'Số đơn vị được xếp hạng', 'How many are ranked there'),
('change', 'relation', 'Bảng', 'Table of published in which the value stands'),
('change', 'key', 'Khóa', 'The row''s key without its period, such as unit_code=H31.01, criterion_code=05'),
('change', 'column_name', 'Cột', 'Column of the value'),
('change', 'old_value', 'Giá trị cũ', 'As text; null where the value was missing or the row is new'),
('change', 'new_value', 'Giá trị mới', 'As text; null where the value is missing now or the row is gone'),
('change', 'cause', 'Nguyên nhân', 'Why it changed: the reason of the release'),
('compliance_cause', 'cause', 'Nguyên nhân', 'not_submitted_online, not_paid_online, no_electronic_result, not_returned_online or in_person_step'),
('compliance_cause', 'dossiers_failing', 'Số hồ sơ không đạt', 'Resolved dossiers that fail by this cause, whatever else they fail by'),
('compliance_cause', 'dossiers_failing_only', 'Số hồ sơ chỉ không đạt vì lý do này', 'Resolved dossiers that fail by this cause and no other'),
('criterion', 'official_number', 'Số mục', 'Number of its group in the decision'),
('criterion', 'official_subheading', 'Tiểu mục', 'Sub-heading within the group; null where there is none'),
('criterion', 'name_vi', 'Tên chính thức', 'Official name, whole'),
('criterion', 'name_en', 'Tên tiếng Anh', 'Its name in English'),
('criterion', 'basis', 'Cơ sở tính', 'M the month, YTD the year up to the month''s end, EOM the state at its end'),
('criterion', 'applies_to', 'Áp dụng cho', 'Unit types, separated by semicolons, or all'),
('criterion', 'target_rate', 'Tỷ lệ đạt điểm tối đa', 'Rate that gives the whole of its points'),
('criterion', 'numerator_vi', 'Tử số đếm gì', 'What its numerator counts, in Vietnamese'),
('criterion', 'numerator_en', 'Tử số đếm gì (tiếng Anh)', 'What its numerator counts'),
('criterion', 'denominator_vi', 'Mẫu số đếm gì', 'What its denominator counts, in Vietnamese'),
('criterion', 'denominator_en', 'Mẫu số đếm gì (tiếng Anh)', 'What its denominator counts'),
('criterion', 'counts', 'Đối tượng đếm', 'dossiers, procedures, petitions or ratings'),
('criterion', 'lead_unit', 'Đơn vị chủ trì', 'Unit in charge'),
('criterion', 'cooperating_units', 'Đơn vị phối hợp', 'Units that cooperate; null where none are named'),
('criterion', 'suspended_because', 'Lý do tạm ngừng công bố', 'Why its publication is suspended in the month; null where it is not'),
('criterion_score', 'score', 'Điểm', 'max_points × min(1, rate / target rate), unrounded; null where the rate is'),
('criterion_score', 'status', 'Trạng thái', 'scored, not_applicable or suspended'),
('form_check', 'identity', 'Đẳng thức', 'Code of the identity'),
('form_check', 'description_vi', 'Nội dung', 'The identity in words'),
('form_check', 'formula', 'Công thức', 'The identity by row codes'),
('form_check', 'left_value', 'Vế trái', 'Value of the left side'),
('form_check', 'right_value', 'Vế phải', 'Value of the right side'),
('form_check', 'difference', 'Chênh lệch', 'Left less right'),
('form_check', 'holds', 'Đúng', 'Whether the sides are equal; null where one is unknown'),
('letter_figure', 'row_code', 'Mã số liệu', 'Figure of the letter'),
('letter_figure', 'out_of', 'Trên tổng số', 'Maximum of points, number of provinces of ranks; null for other figures'),
('monthly_score', 'raw_points', 'Điểm đạt', 'Sum of the points'),
('monthly_score', 'applicable_max_points', 'Điểm tối đa áp dụng', 'Sum of the maxima of the criteria that apply'),
('monthly_score', 'total_score', 'Tổng điểm', '100 × raw_points / applicable_max_points, unrounded; null where no criterion applies'),
('monthly_score', 'band', 'Xếp loại', 'Band of the exact total'),
('monthly_score', 'ranking_status', 'Tình trạng xếp hạng', 'ranked, unit_type_not_ranked, no_ranking_criterion or below_minimum_volume'),
('monthly_score', 'rank', 'Thứ hạng', 'Place among the ranked units of its province and type; ties share one (1, 1, 3)'),
('monthly_score', 'previous_rank', 'Thứ hạng tháng trước', 'Rank of the same code in the month before; null where there was none'),
('monthly_score', 'is_series_break', 'Đứt chuỗi số liệu', 'First month of a new regime: a change since the month before means nothing'),
('national_average', 'group_code', 'Nhóm tiêu chí', 'Criterion group, or total'),
('national_average', 'average_score', 'Điểm bình quân', 'Mean over the provinces, unrounded'),
('national_average', 'province_count', 'Số tỉnh', 'How many provinces the mean is taken over'),
('national_ranking', 'rank_transparency', 'Hạng công khai, minh bạch', 'Place by the points for disclosure and transparency'),
('national_ranking', 'rank_timeliness', 'Hạng tiến độ giải quyết', 'Place by the points for timeliness'),
('national_ranking', 'rank_online_service', 'Hạng dịch vụ công trực tuyến', 'Place by the points for online services'),
('national_ranking', 'rank_online_payment', 'Hạng thanh toán trực tuyến', 'Place by the points for online payment'),
('national_ranking', 'rank_digitisation', 'Hạng số hóa hồ sơ', 'Place by the points for digitisation'),
('national_ranking', 'rank_satisfaction', 'Hạng mức độ hài lòng', 'Place by the points for satisfaction'),
('national_ranking', 'computed_rank', 'Hạng theo điểm tự tính', 'Place that the total computed here would take; null for provinces without dossiers here'),
('release_files', 'stamp', 'Lần đóng dấu', '1 for the status at publication, 2 for a provisional release that turned final'),
('release_files', 'sha256sums_sha256', 'Mã băm', 'SHA-256 of the folder''s SHA256SUMS, which has a checksum of every other file'),
('release_files', 'written_at', 'Thời điểm ghi', 'When the files were written'),
('release_pointer', 'pointer_id', 'Số thứ tự', 'Order of the log'),
('release_pointer', 'pointed_at', 'Có hiệu lực từ', 'When the release became the current one'),
('release_quarantine', 'records', 'Số bản ghi', 'Counts by feed and by the rule that refused the records'),
('release_record', 'created_in_transaction', 'Giao dịch', 'Only the transaction that makes a release may add rows to it'),
('release_record', 'source_batches', 'Các lô dữ liệu', 'The batches behind it by feed: how many, their records, the end of their windows, a hash over them'),
('release_record', 'known_at', 'Biết đến thời điểm', 'When the last of its source batches was landed: what was known then makes it again'),
('release_record', 'by_hand_sha256', 'Mã băm số nhập tay', 'Hash over the figures entered by hand that it was made with'),
('release_status', 'status_id', 'Số thứ tự', 'Order of the log'),
('release_status', 'recorded_at', 'Thời điểm ghi', 'When the status was given'),
('release_status', 'because', 'Lý do', 'Why the release is suspended; null for other statuses'),
('statistical_form', 'row_code', 'Mã dòng', 'Row of the form; CD. part I, DVC. part III'),
('statistical_form', 'unit_of_measure', 'Đơn vị tính', 'Unit of measure as printed'),
('statistical_form', 'value', 'Giá trị', 'Exact; a rate in percent; null where nobody has entered a figure'),
('statistical_form', 'printed_value', 'Giá trị in', 'As the form prints it, cut off and not rounded'),
('statistical_form', 'origin', 'Nguồn', 'computed or by_hand'),
('statistical_form', 'part_vi', 'Phần', 'Part of the form'),
('statistical_form', 'heading_vi', 'Tiêu đề', 'Heading that the row stands under'),
('statistical_form', 'note_vi', 'Ghi chú', 'Note of the row; null where there is none'),
('target_compliance', 'basis', 'Cơ sở tính', 'month, or year_to_date'),
('target_compliance', 'metric_code', 'Chỉ tiêu', 'end_to_end_online or result_in_vault'),
('target_compliance', 'is_compliant', 'Đạt chỉ tiêu', 'Whether numerator ≥ target × denominator; null without a target or where nothing could count'),
('target_compliance', 'shortfall', 'Số hồ sơ còn thiếu', 'How many more would have had to count to meet the target; null without a target'),
('unit', 'parent_unit_code', 'Đơn vị cấp trên', 'The unit above it; null for a province, or where none is stated'),
('unit', 'former_unit_code', 'Huyện cũ', 'The former district that gave a commune most of its communes; null for other units'),
('unit', 'former_unit_name', 'Tên huyện cũ', 'Name of that district');

do $$
declare
    said record;
begin
    for said in
        select
            c.oid::regclass as relation,
            case when c.relkind = 'v' then 'view' else 'table' end as kind,
            case
                when c.relname like 'current\_%' then 'The current releases alone. '
                when c.relname like 'public\_%'
                    then 'As the public may see it; withheld says why values are missing. '
                else ''
            end || t.en || ' — ' || t.vi || case
                when c.relname like 'current\_%' then ' (bản hiện hành)'
                when c.relname like 'public\_%' then ' (bản công khai)'
                else ''
            end as words
        from pg_class as c
        join relation_text as t
            on t.relation = regexp_replace(c.relname, '^(current|public)_', '')
        where c.relnamespace = 'published'::regnamespace and c.relkind in ('r', 'v')
    loop
        execute format('comment on %s %s is %L', said.kind, said.relation, said.words);
    end loop;
    for said in
        select c.oid::regclass as relation, a.attname as name, t.en || ' — ' || t.vi as words
        from pg_class as c
        join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        cross join lateral (
            select w.vi, w.en
            from column_text as w
            where
                w.column_name = a.attname
                and w.relation in ('*', regexp_replace(c.relname, '^(current|public)_', ''))
            order by w.relation = '*'
            limit 1
        ) as t
        where c.relnamespace = 'published'::regnamespace and c.relkind in ('r', 'v')
    loop
        execute format('comment on column %s.%I is %L', said.relation, said.name, said.words);
    end loop;
end
$$;
comment on schema published is
'Immutable releases; read the current_ views, or one release_id of the tables — Các bản công bố, không bao giờ thay đổi';
comment on function published.refuse_change is
'No row is ever changed or deleted — Không dòng nào được sửa hay xóa';
comment on function published.refuse_late_row is
'Only the transaction that makes a release adds rows to it — Chỉ giao dịch tạo bản công bố mới được thêm dòng';
